import { Command, Event, type RecordedEvent } from '@writ/event-store'
import { z } from 'zod'
import { boundary } from '../index.js'

class Opened extends Event('opened', z.object({ user: z.string() })) {}
class Closed extends Event('closed', z.object({ user: z.string() })) {}
class Open extends Command('open', z.object({ user: z.string() })) {}

const command = new Open({ user: 'ann' })
const recorded = (data: Opened | Closed) =>
  ({ type: data instanceof Opened ? 'opened' : 'closed', data }) as unknown as RecordedEvent
const options = {
  events: [Opened, Closed],
  matching: ({ user }: Open) => ({ tags: [`user:${user}`] }),
  initialState: 0,
  evolve: { opened: (open: number) => open + 1, closed: (open: number) => open - 1 },
} as const

describe('a boundary', () => {
  it('asks for its own events with the tags of the command, and for other types where an item names them', () => {
    expect(boundary(options).queryOf(command)).toEqual({ items: [{ types: ['opened', 'closed'], tags: ['user:ann'] }] })
    const several = boundary({ ...options, matching: () => [{ tags: ['a'] }, { types: ['opened'], tags: ['b'] }] })
    expect(several.queryOf(command)).toEqual({
      items: [
        { types: ['opened', 'closed'], tags: ['a'] },
        { types: ['opened'], tags: ['b'] },
      ],
    })
  })

  it('folds what was found into its state, from the first one or from one that the command gives', () => {
    const found = [new Opened({ user: 'ann' }), new Opened({ user: 'ann' }), new Closed({ user: 'ann' })].map(recorded)
    expect(boundary(options).stateOf(command, found)).toBe(1)
    expect(boundary(options).stateOf(command, [])).toBe(0)
    const byName = boundary({
      ...options,
      initialState: ({ user }: Open) => ({ user, open: 0 }),
      evolve: { opened: (state) => ({ ...state, open: state.open + 1 }), closed: (state) => state },
    })
    expect(byName.stateOf(command, found)).toEqual({ user: 'ann', open: 2 })
  })

  it('is refused where it has no state: at first, for a command, or after an event', () => {
    const made = (change: object) => boundary({ ...options, ...change } as typeof options)
    const refused = (why: string) => expect.objectContaining({ code: 'invalid-boundary', why: expect.stringContaining(why) })
    expect(() => made({ initialState: undefined })).toThrow(refused("no 'initialState'"))
    expect(() => made({ initialState: () => undefined }).stateOf(command, [])).toThrow(refused("'initialState' gives undefined"))
    const forgetful = made({ evolve: { ...options.evolve, opened: () => undefined } })
    expect(() => forgetful.stateOf(command, [recorded(new Opened({ user: 'ann' }))])).toThrow(refused("evolve['opened']"))
  })

  it('keeps its states as they are', () => {
    const spoiling = boundary({
      ...options,
      initialState: { open: 0 },
      evolve: { opened: (state) => Object.assign(state, { open: 1 }), closed: (state) => state },
    })
    expect(() => spoiling.stateOf(command, [recorded(new Opened({ user: 'ann' }))])).toThrow(TypeError)
  })

  it.each([
    [
      'without a function for an event',
      { evolve: { opened: options.evolve.opened } },
      'invalid-boundary',
      /'closed' has no function/,
    ],
    [
      'with a function for nothing',
      { evolve: { ...options.evolve, openned: () => 0 } },
      'invalid-boundary',
      /'openned' has a function/,
    ],
    ['with something else among its events', { events: [Open] }, 'invalid-boundary', /made by Event/],
    ['with an unknown option', { match: () => [] }, 'invalid-option', /unknown. Known are|the nearest is/],
  ])('%s is refused', (_what, change, code, why) => {
    const make = () => boundary({ ...options, ...change } as typeof options)
    expect(make).toThrow(expect.objectContaining({ code }))
    expect(make).toThrow(why)
  })
})
