import { z } from 'zod'
import { fc } from '../../test/fast-check.js'
import { stored } from '../../test/stored.js'
import { thrown } from '../../test/thrown.js'
import {
  type AmbiguousUpcasterTargetError,
  type AnyEventClass,
  type DuplicateUpcasterError,
  Event,
  type EventShape,
  EventTypes,
  type UndecodableEventError,
  type UnknownUpcasterTargetError,
  type Upcaster,
  type UpcasterFromTodayError,
  type UpcasterGapError,
  type UpcasterLoopError,
  upcaster,
} from '../index.js'

const eventClass = (type: string, schemaVersion = 1): AnyEventClass => Event(type, z.object({}), { schemaVersion })
const shape = (type: string, schemaVersion = 1): EventShape => ({ type, schemaVersion })
/** An upcaster that leads there; what it gives does not matter. */
const step = (from: EventShape, ...to: readonly EventShape[]): Upcaster =>
  to.length === 1
    ? upcaster({ from, to: to[0]!, upcast: (data) => data })
    : upcaster({ from, to: to as [EventShape, ...EventShape[]], upcast: () => [] })
const create = (classes: readonly AnyEventClass[], ...upcasters: readonly Upcaster[]) => new EventTypes(classes, { upcasters })

describe('chains of upcasters are refused before anything runs', () => {
  it('with a gap in front of a class', () => {
    class Opened extends Event('opened', z.object({}), { schemaVersion: 3 }) {}
    const error = thrown<UpcasterGapError>('upcaster-gap', () => create([Opened]))
    expect(error).toMatchObject({ type: 'opened', missing: [1, 2], newest: 3 })
    expect(error.message).toMatch(
      /'opened' version 1 and 2, while the class Opened has schema version 3.*schemaVersion: 1 }.*to: \[\]/,
    )
    expect(thrown('upcaster-gap', () => create([Opened], step(shape('opened', 1), shape('opened', 2))))).toMatchObject({
      missing: [2],
    })
    expect(thrown('upcaster-gap', () => create([Opened], step(shape('opened', 2), Opened)))).toMatchObject({ missing: [1] })
  })

  it('with a gap in the past of a type that no class has any more', () => {
    const [gone, today] = [shape('gone', 2), eventClass('today')]
    expect(thrown('upcaster-gap', () => create([today], step(gone, today)))).toMatchObject({
      type: 'gone',
      missing: [1],
      newest: 2,
    })
  })

  it('but not for a gap where only events of today are read', () => {
    const types = new EventTypes([eventClass('opened', 2)], { onlyToday: true })
    const error = thrown<UndecodableEventError>('undecodable-event', () => types.decode(stored({ type: 'opened' })))
    expect(error.message).toMatch(/version 1, and no upcaster leads from there to version 2/)
  })

  it('with a loop, which is shown', () => {
    const [a, b, c] = [shape('a'), shape('b'), shape('c')]
    const error = thrown<UpcasterLoopError>('upcaster-loop', () => create([], step(a, b), step(b, c), step(c, b)))
    expect(error.loop).toEqual([b, c, b])
    expect(error.message).toContain("'b' version 1 → 'c' version 1 → 'b' version 1")
  })

  it('with a loop through one of several targets', () => {
    const today = eventClass('today')
    const [a, b] = [shape('a'), shape('b')]
    expect(thrown('upcaster-loop', () => create([today], step(a, today, b), step(b, today, a)))).toMatchObject({
      loop: [a, b, a],
    })
  })

  it('but not where two ways lead to one shape, or a type is left and met again in a newer version', () => {
    const today = eventClass('a', 2)
    const [b, c, d] = [shape('b'), shape('c'), shape('d')]
    expect(() =>
      create([today], step(shape('a'), b), step(b, shape('a', 2)), step(c, b, d), step(d, shape('a', 2))),
    ).not.toThrow()
  })

  it('with two upcasters for one shape', () => {
    const today = eventClass('today')
    const [one, two] = [step(shape('old'), today), { ...step(shape('old')), source: "module 'bank'" }]
    const error = thrown<DuplicateUpcasterError>('duplicate-upcaster', () => create([today], one, two))
    expect(error).toMatchObject({ type: 'old', schemaVersion: 1, upcasters: [one, two] })
    expect(error.message).toMatch(/to 'today' version 1, and the upcaster from 'old' version 1 to nothing \(module 'bank'\)/)
    expect(() => create([today], one, one)).not.toThrow()
  })

  it.each([2, 3])('with an upcaster from version %p of a class at version 2', (schemaVersion) => {
    class Opened extends Event('opened', z.object({}), { schemaVersion: 2 }) {}
    const today = eventClass('today')
    const steps = [step(shape('opened'), Opened), step(shape('opened', schemaVersion), today)]
    const error = thrown<UpcasterFromTodayError>('upcaster-from-today', () => create([Opened, today], ...steps))
    expect(error).toMatchObject({ type: 'opened', schemaVersion, className: 'Opened', classVersion: 2, upcaster: steps[1] })
    expect(error.message).toMatch(new RegExp(`Opened has schema version 2.*schema version ${schemaVersion + 1}`))
  })

  it('with a target that nothing knows, and names the nearest', () => {
    const wrong = step(shape('old'), shape('money-depositd'))
    const error = thrown<UnknownUpcasterTargetError>('unknown-upcaster-target', () =>
      create([eventClass('money-deposited')], wrong),
    )
    expect(error).toMatchObject({ type: 'money-depositd', schemaVersion: 1, upcaster: wrong })
    expect(error.message).toContain("the nearest known type is 'money-deposited'")
  })

  it('with a target that is newer than its class, and says where that is', () => {
    const attempt = () => create([eventClass('today')], step(shape('old'), shape('today', 2)))
    expect(thrown('unknown-upcaster-target', attempt).message).toContain('the class of that type is at version 1')
  })

  it('with a class as the target from another type, once the class has moved on', () => {
    const today = eventClass('today', 2)
    const old = step(shape('old'), today)
    const error = thrown<AmbiguousUpcasterTargetError>('ambiguous-upcaster-target', () =>
      create([today], step(shape('today'), today), old),
    )
    expect(error).toMatchObject({ type: 'today', schemaVersion: 2, upcaster: old })
    expect(error.message).toContain("{ type: 'today', schemaVersion: 1 }, or 2")
    expect(() => create([today], step(shape('today'), today), step(shape('old'), shape('today')))).not.toThrow()
  })

  it('with something that is no upcaster', () => {
    expect(thrown('invalid-upcaster', () => create([], undefined as never)).message).toContain('circular import')
  })

  it('with all that is wrong, for whoever wants to tell it at once', () => {
    const problems = EventTypes.problemsOf([eventClass('a', 2), eventClass('a', 3)], {
      upcasters: [step(shape('b'), shape('c'))],
    })
    expect(problems.map((error) => (error as { code?: string }).code)).toEqual([
      'duplicate-event-type',
      'unknown-upcaster-target',
      'upcaster-gap',
    ])
  })
})

describe('what to ask a store for', () => {
  const today = [eventClass('a', 2), eventClass('b'), eventClass('c')]
  const types = create(today, step(shape('a'), shape('a', 2), shape('b')), step(shape('x'), shape('a')), step(shape('y')))

  it('is every type whose events may be of the wanted one today', () => {
    expect([...types.storedTypesOf(['a'])].sort()).toEqual(['a', 'x'])
    expect([...types.storedTypesOf(['b'])].sort()).toEqual(['a', 'b', 'x'])
    expect([...types.storedTypesOf(['c', 'strange'])]).toEqual(['c', 'strange'])
  })

  it('is the same query, with the types that it names widened', () => {
    const query = { items: [{ types: ['c'] }, { tags: ['t'] }] }
    expect(types.storedQuery(query)).toBe(query)
    expect(types.storedQuery({ items: [{ types: ['a', 'c'], tags: ['t'] }, { tags: ['u'] }] })).toEqual({
      items: [{ types: ['a', 'c', 'x'], tags: ['t'] }, { tags: ['u'] }],
    })
  })
})

/** A chain of places, the last of which is today; an event carries the numbers of the steps that it has taken. */
interface Plan {
  /** For each place but the last: to which later places the parts go that an event there becomes. */
  readonly steps: readonly (readonly number[])[]
}

const plan = fc
  .integer({ min: 1, max: 7 })
  .chain((length) =>
    fc.tuple(...Array.from({ length }, (_, place) => fc.array(fc.integer({ min: place + 1, max: length }), { maxLength: 3 }))),
  )
  .map((steps): Plan => ({ steps }))

/** A straightforward fold: what an event at a place becomes. */
function unfolded({ steps }: Plan, place: number, passed: readonly number[]): number[][] {
  const targets = steps[place]
  if (targets === undefined) return [[...passed]]
  return targets.flatMap((target, index) => unfolded({ steps }, target, [...passed, place * 10 + index]))
}

describe('chains of random length and fan-out', () => {
  class Today extends Event('today', z.object({ passed: z.array(z.int()) })) {}

  it('give what a straightforward fold gives, in its order', () => {
    fc.assert(
      fc.property(plan, fc.nat(6), ({ steps }, start) => {
        const places = [...steps.map((_, place) => shape(`place-${place}`)), Today]
        const upcasters = steps.map((targets, place) =>
          upcaster({
            from: places[place]!,
            to: [...new Set(targets)].map((target) => places[target]!) as [EventShape, ...EventShape[]],
            upcast: ({ passed }: { passed: readonly number[] }) =>
              targets.map((target, index) => ({ [places[target]!.type]: { passed: [...passed, place * 10 + index] } })),
          }),
        )
        const types = create([Today], ...upcasters)
        const from = Math.min(start, steps.length)
        const events = types.decode(stored({ type: places[from]!.type, data: '{"passed":[]}' }))
        expect(events.map(({ data }) => [...(data as Today).passed])).toEqual(unfolded({ steps }, from, []))
        expect(events.map(({ part }) => part)).toEqual(events.map((_, index) => index))
        const sources = types.storedTypesOf(['today'])
        expect(events.length === 0 || sources.has(places[from]!.type)).toBe(true)
      }),
    )
  })
})
