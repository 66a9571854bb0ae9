import 'reflect-metadata'
import { type EventStore, eventsOf, type NewEvent, type Receipt, type ReceiptsAsOf } from '@writ/event-store'
import { InMemoryLog, inMemoryEventStore } from '@writ/event-store-memory'
import fc from 'fast-check'
import { Account, Balances, BalancesProjection, DepositMoney, SendMoney, smallBank } from '../test/small-bank.js'
import { Application } from './application.js'

const accounts = ['ann', 'bob', 'cem'] as const
const account = fc.constantFrom(...accounts)
/** Some commands are sent again, and some ids are given to others. */
const id = fc.option(fc.nat(5), { freq: 2, nil: undefined })
const deposit = fc.record({ kind: fc.constant('deposit' as const), account, amount: fc.integer({ min: 1, max: 50 }), id })
const send = fc.record({
  kind: fc.constant('send' as const),
  account,
  amount: fc.integer({ min: 1, max: 80 }),
  transfer: fc.nat(1_000_000),
  to: account,
  id,
})
const steps = fc.array(fc.oneof(deposit, send), { maxLength: 8 })
type Step = typeof steps extends fc.Arbitrary<readonly (infer S)[]> ? S : never

const snapshots = { byCategory: { account: { snapshotEvery: 2 } } }

describe('a branch', () => {
  const running: Application[] = []
  const start = async (store: EventStore) => {
    const app = await Application.create({ store, modules: [smallBank()], aggregates: snapshots })
    running.push(app)
    await app.start()
    return app
  }
  afterEach(async () => {
    for (const app of running.splice(0)) await app.stop()
  })

  it('is what an application would be that had only come so far, whatever has happened since', async () => {
    await fc.assert(
      fc.asyncProperty(steps, steps, steps, fc.nat(), fc.option(fc.nat()), async (before, meanwhile, after, where, via) => {
        const log = new InMemoryLog()
        const base = await start(inMemoryEventStore({ log }))
        for (const step of before) await outcome(base, step)
        await base.settled()
        const { position: head } = await base.store.head()
        const at = where % (head + 1)
        const outer = via === null ? undefined : await base.branch({ at: { position: at + (via % (head - at + 1)) } })
        const parent = outer?.app ?? base
        // Refusals are remembered, though the log stays as it is; a branch that parts there then knows them.
        if (outer) for (const step of meanwhile) await outcome(outer.app, { ...step, id: undefined })
        const what = await parent.branch({ at: { position: at }, run: [BalancesProjection] })
        const asOf = { position: at, moment: await base.store.receipts.moment() }
        const fresh = await start(await copyOf(base.store, asOf, [...log.receipts.keys()]))
        const held = contents(log)
        // It may know of nothing that its base does from now on, be it the same command.
        for (const step of after) await outcome(parent, step)
        for (const step of [undefined, ...after]) {
          if (step) expect(await outcome(what.app, step)).toEqual(await outcome(fresh, step))
          for (const app of [what.app, fresh]) await app.settled()
          expect(await world(what.app)).toEqual(await world(fresh))
        }
        if (outer) expect(contents(log)).toBe(held)
        await what.discard()
        await outer?.discard()
        for (const app of running.splice(0)) await app.stop()
      }),
      { numRuns: 60 },
    )
  })
})

/** What a step comes to, as whoever takes it is told; positions are those of whichever process manager was first. */
async function outcome(app: Application, step: Step): Promise<unknown> {
  const { account, amount } = step
  const command =
    step.kind === 'deposit'
      ? new DepositMoney({ account, amount })
      : new SendMoney({ account, amount, transfer: `t${step.transfer}`, to: step.to })
  return app.dispatch(command, step.id === undefined ? {} : { commandId: `c${step.id}` }).then(
    ({ stream, version }) => ({ stream, version }),
    ({ code, message }) => ({ code, message }),
  )
}

/** All that an application shows of its accounts. */
async function world(app: Application): Promise<unknown> {
  const states = await Promise.all(accounts.map((one) => app.stateOf(Account, one)))
  const balances = app.get(Balances).byAccount
  return {
    states: states.map(({ state, version }) => ({ ...state, version })),
    balances: accounts.map((one) => balances.get(one)),
  }
}

/** A store to which was appended what another one had come to, with the receipts of commands. */
async function copyOf(store: EventStore, asOf: ReceiptsAsOf, ids: readonly string[]): Promise<EventStore> {
  const copy = inMemoryEventStore()
  await copy.start()
  const found = await Promise.all(ids.map((commandId) => store.receipts.find(commandId, asOf)))
  const receiptsAt = (stream: string, version: number) =>
    found.filter((receipt): receipt is Receipt => receipt?.stream === stream && receipt.version === version)
  const give = (stream: string, events: readonly NewEvent[], version: number) => {
    const receipts = receiptsAt(stream, version).map(({ commandId, body }) => ({ commandId, body, eventsUpTo: events.length }))
    return events.length + receipts.length > 0 ? copy.append({ stream, events, receipts }) : undefined
  }
  for (const one of accounts) await give(`account-${one}`, [], 0)
  for await (const stored of eventsOf(store.readAll({ upTo: asOf.position }))) await give(stored.stream, [stored], stored.version)
  expect((await copy.head()).position).toBe(asOf.position)
  return copy
}

/** Events and receipts, as text. */
function contents({ events, receipts }: InMemoryLog): string {
  return JSON.stringify([events, [...receipts.values()]])
}
