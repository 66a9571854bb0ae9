import { InMemoryLog } from '@writ/event-store-memory'
import fc from 'fast-check'
import { AccountClosed, MoneyDeposited } from '../test/bank-messages.js'
import { Owner } from '../test/owner.js'
import { bothSpellings } from '../test/transfer-process.js'
import type { ProcessManagerDefinition } from './index.js'

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
