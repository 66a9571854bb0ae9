import { EventTypes, systemRuntime, upcaster } from '@writ/event-store'
import { InMemoryLog, inMemoryEventStore } from '@writ/event-store-memory'
import fc from 'fast-check'
import { AccountClosed, bankEventClasses, DepositMoney, MoneyDeposited, TransferRequested } from '../test/bank-messages.js'
import { Owner } from '../test/owner.js'
import { bothSpellings } from '../test/transfer-process.js'
import { type ProcessManagerDefinition, processManager, readJournal, start } from './index.js'

type Prepare = (owner: Owner) => Promise<unknown>

const deposit: Prepare = ({ bank }) => bank.append('account-ann', new MoneyDeposited({ account: 'ann', amount: 100 }))
const close: Prepare = ({ bank }) => bank.append('account-bob', new AccountClosed({ account: 'bob' }))
const ways: readonly (readonly [string, readonly Prepare[]])[] = [
  ['completed', [deposit]],
  ['refused', []],
  ['paid back', [deposit, close]],
]

const forever = new Promise<void>(() => {})

/** A log with a request that nobody has handled yet. */
async function requested(definition: ProcessManagerDefinition, preparations: readonly Prepare[]): Promise<InMemoryLog> {
  const log = new InMemoryLog()
  const owner = await new Owner(log, definition).start()
  for (const prepare of preparations) await prepare(owner)
  await owner.bank.request('t1')
  return log
}

/** What comes of it when nothing goes wrong, and in how many steps. */
async function undisturbed(definition: ProcessManagerDefinition, preparations: readonly Prepare[]) {
  const owner = await new Owner(await requested(definition, preparations), definition).start()
  await owner.run()
  return { outcome: await owner.outcome(), steps: owner.steps }
}

/** Runs an owner until it is done, or stays at this step for good. */
async function dieAt(step: number, log: InMemoryLog, definition: ProcessManagerDefinition): Promise<void> {
  let died = () => {}
  const death = new Promise<void>((resolve) => {
    died = resolve
  })
  const owner = new Owner(log, definition, (at) => {
    if (at !== step) return undefined
    died()
    return forever
  })
  await owner.start()
  await Promise.race([owner.run(), death])
}

describe.each(bothSpellings)('a process manager as %s', (_, spelling) => {
  describe.each(ways)('whose transfer is %s', (_, preparations) => {
    const definition = spelling()

    it('sends each command once, wherever its process dies', async () => {
      const { outcome, steps } = await undisturbed(definition, preparations)
      expect(steps).toBeGreaterThan(5)
      for (let step = 1; step <= steps; step++) {
        const log = await requested(definition, preparations)
        await dieAt(step, log, definition)
        const heir = await new Owner(log, definition).start()
        await heir.run()
        expect({ step, outcome: await heir.outcome() }).toEqual({ step, outcome })
      }
    })

    it('sends each command once, wherever its process and then its heir die', async () => {
      const { outcome, steps } = await undisturbed(definition, preparations)
      for (let first = 1; first <= steps; first++) {
        for (let second = 1; second <= steps; second++) {
          const log = await requested(definition, preparations)
          await dieAt(first, log, definition)
          await dieAt(second, log, definition)
          const heir = await new Owner(log, definition).start()
          await heir.run()
          expect({ first, second, outcome: await heir.outcome() }).toEqual({ first, second, outcome })
        }
      }
    })

    it('begins nothing more when its lease is lost, and leaves the rest to its heir', async () => {
      const { outcome, steps } = await undisturbed(definition, preparations)
      for (let step = 1; step <= steps; step++) {
        const log = await requested(definition, preparations)
        let dispatchedBefore = 0
        const loser: Owner = new Owner(log, definition, (at) => {
          if (at !== step) return
          dispatchedBefore = loser.bank.dispatched.length
          loser.loseLease()
        })
        await (await loser.start()).run().catch(() => 'it had to stop in the middle')
        // At most the one that it was about to dispatch.
        expect(loser.bank.dispatched.length).toBeLessThanOrEqual(dispatchedBefore + 1)
        const heir = await new Owner(log, definition).start()
        await heir.run()
        expect({ step, outcome: await heir.outcome() }).toEqual({ step, outcome })
      }
    })

    it('changes nothing when an owner that was held at any step goes on after its heir is done', async () => {
      const { outcome, steps } = await undisturbed(definition, preparations)
      for (let step = 1; step <= steps; step++) {
        const log = await requested(definition, preparations)
        let release = () => {}
        const gate = new Promise<void>((resolve) => {
          release = resolve
        })
        let reached = () => {}
        const held = new Promise<void>((resolve) => {
          reached = resolve
        })
        const zombie = new Owner(log, definition, (at) => {
          if (at !== step) return undefined
          reached()
          return gate
        })
        const running = (await zombie.start()).run()
        await held
        const heir = await new Owner(log, definition).start()
        await heir.run()
        release()
        await running
        expect({ step, outcome: await heir.outcome() }).toEqual({ step, outcome })
      }
    })
  })

  it('sends each command once when several owners run at once, in whatever order their steps come', async () => {
    const definition = spelling()
    const expected = await Promise.all(ways.map(([, preparations]) => undisturbed(definition, preparations)))
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.nat(ways.length - 1), fc.integer({ min: 2, max: 4 }), async (s, way, count) => {
        const log = await requested(definition, ways[way]![1])
        const owners = Array.from({ length: count }, (_, index) =>
          new Owner(log, definition, (step) => s.schedule(Promise.resolve(), `owner ${index}, step ${step}`)).start(),
        )
        const running = Promise.all(owners.map(async (owner) => (await owner).run()))
        await s.waitFor(running)
        expect(await (await owners[0]!).outcome()).toEqual(expected[way]!.outcome)
      }),
      { numRuns: 200 },
    )
  })
})

describe('a process manager whose old event is several today', () => {
  const paying = processManager({
    name: 'paying',
    correlate: 'transfer',
    reactions: [start(TransferRequested, ({ transfer, to, amount }) => new DepositMoney({ account: to, amount, transfer }))],
  })
  const types = new EventTypes(bankEventClasses, {
    upcasters: [
      upcaster({
        from: { type: 'transfers-requested', schemaVersion: 1 },
        to: [TransferRequested],
        upcast: ({ transfers }: { transfers: [transfer: string, amount: number][] }) =>
          transfers.map(([transfer, amount]) => ({ 'transfer-requested': { transfer, from: 'ann', to: 'bob', amount } })),
      }),
    ],
  })
  const owner = (log: InMemoryLog, atStep?: ConstructorParameters<typeof Owner>[2]) =>
    new Owner(log, paying, atStep, types).start()

  /** A log with one old event: two parts for one instance, and one for another between them. */
  async function oldRequest(): Promise<InMemoryLog> {
    const log = new InMemoryLog()
    const store = inMemoryEventStore({ log })
    await store.start()
    const data = JSON.stringify({
      transfers: [
        ['t1', 10],
        ['t2', 20],
        ['t1', 30],
      ],
    })
    const event = { id: systemRuntime.uuid(), type: 'transfers-requested', schemaVersion: 1, data, metadata: '{}', tags: [] }
    await store.append({ stream: 'transfers-1', events: [event] })
    return log
  }

  const paid = (outcome: Record<string, string[]>) =>
    outcome['account-bob']?.map((line) => (JSON.parse(line.slice(line.indexOf('{'))) as { amount: number }).amount)

  it('handles each part once, and keeps in its journals which it was', async () => {
    const log = await oldRequest()
    const only = await owner(log)
    await only.run()
    await only.run()
    expect(paid(await only.outcome())).toEqual([10, 20, 30])
    const store = inMemoryEventStore({ log })
    await store.start()
    const parts = async (instance: string) =>
      (await readJournal(store, 'paying', instance)).map(({ event }) => [event.position, event.part])
    expect(await parts('t1')).toEqual([
      [1, 0],
      [1, 2],
    ])
    expect(await parts('t2')).toEqual([[1, 1]])
  })

  it('loses and doubles none of the parts, wherever its process and then its heir die', async () => {
    const undisturbed = await owner(await oldRequest())
    await undisturbed.run()
    const { steps } = undisturbed
    expect(steps).toBe(12)
    for (let first = 1; first <= steps; first++) {
      for (let second = 1; second <= steps; second++) {
        const log = await oldRequest()
        for (const step of [first, second]) await dieBy(step, log)
        const heir = await owner(log)
        await heir.run()
        expect({ first, second, paid: paid(await heir.outcome()) }).toEqual({ first, second, paid: [10, 20, 30] })
      }
    }
  })

  async function dieBy(step: number, log: InMemoryLog): Promise<void> {
    let died = () => {}
    const death = new Promise<void>((resolve) => {
      died = resolve
    })
    const mortal = await owner(log, (at) => {
      if (at !== step) return undefined
      died()
      return forever
    })
    await Promise.race([mortal.run(), death])
  }
})
