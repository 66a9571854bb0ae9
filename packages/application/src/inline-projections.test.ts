import 'reflect-metadata'
import { Aggregate, Apply, Handle } from '@writ/aggregate'
import { type InlineContext, InlineProjection, inlineProjection, On, on } from '@writ/event-handler'
import { Command, DomainError, Event } from '@writ/event-store'
import { type InMemoryTransaction, inMemoryEventStore } from '@writ/event-store-memory'
import { inject } from 'inversify'
import { z } from 'zod'
import { Application } from './application.js'
import { module } from './module.js'

const shape = z.object({ seat: z.string(), row: z.string() })
class Taken extends Event('taken', shape) {}
class Take extends Command('take', shape) {}

@Aggregate({ category: 'seat', identity: 'seat' })
class Seat {
  @Handle(Take)
  take({ seat, row }: Take) {
    return new Taken({ seat, row })
  }

  @Apply(Taken)
  taken(_event: Taken) {}
}

/** How many seats of a row are taken; a row has three. */
class Rows {
  readonly taken = new Map<string, number>()
}

@InlineProjection({ name: 'rows' })
class RowsProjection {
  constructor(@inject(Rows) private readonly rows: Rows) {}

  @On(Taken)
  seatTaken({ row }: Taken, { onRollback }: InlineContext<InMemoryTransaction>) {
    const before = this.rows.taken.get(row) ?? 0
    if (row === 'none') throw new Error('there is no such row')
    if (before === 3) throw new DomainError('row-is-full', 'The row is full.', { row })
    this.rows.taken.set(row, before + 1)
    onRollback(() => this.rows.taken.set(row, before))
  }
}

const theatre = module({
  name: 'theatre',
  aggregates: [Seat],
  projections: [RowsProjection],
  bindings: (container) => void container.bind(Rows).toSelf(),
})

describe('an application with an inline projection', () => {
  let app: Application
  beforeEach(async () => {
    app = await Application.create({ store: inMemoryEventStore(), modules: [theatre] })
    await app.start()
  })
  afterEach(() => app.stop())

  const take = (seat: string, row: string, commandId?: string) =>
    app.dispatch(new Take({ seat, row }), commandId === undefined ? {} : { commandId })
  const taken = () => Object.fromEntries(app.get(Rows).taken)

  it('has the rows with the reply, and refuses a command by what they say', async () => {
    for (const seat of ['1', '2', '3']) await take(seat, 'a')
    await expect(take('4', 'a')).rejects.toMatchObject({ code: 'row-is-full', facts: { row: 'a' } })
    expect([taken(), (await app.store.head()).position]).toEqual([{ a: 3 }, 3])
    expect((await app.stateOf(Seat, '4')).version).toBe(0)
  })

  it('refuses those commands to one aggregate that are too many, however fast they come, and only those', async () => {
    const outcomes = await Promise.allSettled([...'abcde'].flatMap((row) => [1, 2, 3, 4, 5].map(() => take('1', row))))
    const codes = outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.code : 'taken'))
    expect(codes).toEqual([...'abcde'].flatMap(() => ['taken', 'taken', 'taken', 'row-is-full', 'row-is-full']))
    expect(taken()).toEqual({ a: 3, b: 3, c: 3, d: 3, e: 3 })
    expect((await app.stateOf(Seat, '1')).version).toBe(15)
  })

  it('answers a refused command that is repeated as the first time, though there is room now', async () => {
    for (const seat of ['1', '2', '3']) await take(seat, 'a')
    await expect(take('4', 'a', 'once')).rejects.toMatchObject({ code: 'row-is-full' })
    app.get(Rows).taken.set('a', 0)
    await expect(take('4', 'a', 'once')).rejects.toMatchObject({ code: 'row-is-full' })
    expect((await take('4', 'a')).version).toBe(1)
  })

  it('reports a handler that fails, and goes on', async () => {
    await expect(take('1', 'none')).rejects.toMatchObject({ code: 'inline-projection-failed', event: 'taken', stream: 'seat-1' })
    expect((await take('1', 'a')).version).toBe(1)
  })

  it('handles what a transaction appends', async () => {
    await app.transaction(async ({ append }) => append('seat-9', [new Taken({ seat: '9', row: 'b' })]))
    expect(taken()).toEqual({ b: 1 })
  })

  it('takes part in a branch where it is asked to', async () => {
    for (const seat of ['1', '2', '3']) await take(seat, 'a')
    const without = await app.branch()
    await without.app.dispatch(new Take({ seat: '4', row: 'a' }))
    const other = await app.branch({ run: [RowsProjection] })
    for (const seat of ['4', '5', '6']) await other.app.dispatch(new Take({ seat, row: 'a' }))
    await expect(other.app.dispatch(new Take({ seat: '7', row: 'a' }))).rejects.toMatchObject({ code: 'row-is-full' })
    expect(taken()).toEqual({ a: 3 })
    await Promise.all([without.discard(), other.discard()])
  })

  it('tells it at once when it dispatches a command or begins a transaction, for its own append would wait for that', async () => {
    const told: unknown[] = []
    const wayward = inlineProjection({
      name: 'wayward',
      on: [
        on(Taken, async ({ seat, row }) => {
          const note = (error: unknown) => void told.push(error)
          await other.dispatch(new Take({ seat, row })).catch(note)
          await other.dispatch(new Take({ seat: `beside ${seat}`, row })).catch(note)
          await other.transaction(async ({ dispatch }) => dispatch(new Take({ seat, row }))).catch(note)
        }),
      ],
    })
    const other = await Application.create({
      store: inMemoryEventStore(),
      modules: [{ name: 'theatre', aggregates: [Seat], projections: [wayward] }],
    })
    await other.start()
    expect(await other.dispatch(new Take({ seat: '1a', row: '1' }))).toMatchObject({ version: 1 })
    expect(told).toMatchObject([
      { code: 'nested-command', stream: 'seat-1a', projection: 'wayward' },
      { code: 'nested-command', stream: 'seat-beside 1a', projection: 'wayward' },
      { code: 'nested-transaction' },
    ])
    await other.stop()
  })

  it('refuses two of one name', async () => {
    const twice = { store: inMemoryEventStore(), modules: [theatre, module({ name: 'other', projections: [RowsProjection] })] }
    await expect(Application.create(twice)).rejects.toMatchObject({ code: 'duplicate-name' })
  })
})
