import { aggregate } from '@writ/aggregate'
import type { DispatchOptions } from '@writ/command-router'
import { type AnyCommand, DomainError, type EventStore, systemRuntime } from '@writ/event-store'
import { Application, module } from '../../src/index.js'
import { Break, Deposit, Deposited, FeeCharged, Look, Savings, savings, Withdraw, Withdrawn } from '../savings.js'
import { processes } from './processes.js'

/** The same accounts after a change of the code: it refuses what was accepted, and accepts what was refused. */
const changed = module({
  name: 'savings',
  aggregates: [
    aggregate({
      category: 'savings',
      identity: 'account',
      commands: [Deposit, Withdraw, Look, Break],
      events: [Deposited, Withdrawn, FeeCharged],
      initialState: 0,
      decide: {
        'savings-deposit': () => {
          throw new DomainError('closed', 'No deposits any more.')
        },
        'savings-withdraw': (_state, { account, amount }) => new Withdrawn({ account, amount }),
        'savings-look': (_state, { account }) => new FeeCharged({ account, amount: 1 }),
        'savings-break': (_state, { account }) => new FeeCharged({ account, amount: 1 }),
      },
      evolve: {
        'savings-deposited': (state, { amount }) => state + amount,
        'savings-withdrawn': (state, { amount }) => state - amount,
        'savings-fee-charged': (state, { amount }) => state - amount,
      },
    }),
  ],
})

const DAY = 86_400_000

/**
 * What a command with a given id is answered when it comes again, point by point; `open` gives another process on the same data each time.
 *
 * @param others how many other events come in between, at the most
 */
export function describeReceipts(name: string, open: () => EventStore, others = 100_000): void {
  describe(`on ${name}, a command with a given id`, () => {
    const { start, newName } = processes(name, open, [savings])
    let account = ''
    beforeEach(() => {
      account = newName()
    })

    /** One that is accepted, one that is refused, one that decides nothing; of each what it is answered. */
    const threeOf = (account: string): readonly AnyCommand[] => [
      new Deposit({ account, amount: 5 }),
      new Withdraw({ account, amount: 1_000 }),
      new Look({ account }),
    ]
    const answersOf = (app: Application, options: DispatchOptions = {}) => {
      const commands = threeOf(account)
      const answered = commands.map(async (command, index) => {
        const id = { ...options, commandId: `${account}/${index}` }
        return app.dispatch(command, id).catch(({ name, code, message, facts }) => ({ name, code, message, facts }))
      })
      return Promise.all(answered)
    }
    const first = async (app: Application) => {
      const answers = await answersOf(app)
      expect(answers).toMatchObject([
        { version: 1, result: { balance: 5 } },
        { code: 'too-much', facts: { balance: 5 } },
        { version: 1 },
      ])
      return answers.map((answer) => ('code' in answer ? { ...answer, name: expect.any(String) } : answer))
    }
    const eventsIn = async (app: Application) => (await app.stateOf(aggregateIn(app), account)).version
    const aggregateIn = (app: Application) => (app.name === 'changed' ? changed : savings).aggregates![0] as never

    it('has one outcome and identical replies, whether it was accepted, refused, or decided nothing', async () => {
      const app = await start()
      const answers = await first(app)
      for (let n = 0; n < 3; n++) expect(await answersOf(app)).toEqual(answers)
      expect(await eventsIn(app)).toBe(1)
    })

    it('so it has when it comes twenty times at once, to two processes', async () => {
      const apps = [await start(), await start()]
      const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => answersOf(apps[n % 2]!, { retries: 1_000 })))
      // Who comes first decides: an account may be looked at before or after something was paid in.
      for (const [index, sameId] of [0, 1, 2].map((index) => [index, answers.map((one) => one[index]!)] as const)) {
        const [one] = sameId
        for (const other of sameId) {
          if ('code' in one!) expect(other).toMatchObject({ code: one.code, message: one.message, facts: one.facts })
          else expect([index, other]).toEqual([index, one])
        }
      }
      expect(await eventsIn(apps[0]!)).toBe(1)
    })

    it('so it has after a restart', async () => {
      const before = await start()
      const answers = await first(before)
      await before.stop()
      expect(await answersOf(await start())).toEqual(answers)
    })

    it('so it has from another process, also one that knew the aggregate before', async () => {
      const [here, there] = [await start(), await start()]
      await there.dispatch(new Look({ account }))
      const answers = await first(here)
      expect(await answersOf(there)).toEqual(answers)
    })

    it('so it has after a change of state', async () => {
      const app = await start()
      const answers = await first(app)
      await app.dispatch(new Deposit({ account, amount: 10_000 }))
      expect(await answersOf(app)).toEqual(answers)
      expect(await eventsIn(app)).toBe(2)
    })

    it('so it has after a change of the handler’s code', async () => {
      const answers = await first(await start())
      const app = await start({ name: 'changed', modules: [changed] })
      expect(await answersOf(app)).toEqual(answers)
      expect(await eventsIn(app)).toBe(1)
      // Without its id it is decided anew.
      await expect(app.dispatch(new Deposit({ account, amount: 5 }))).rejects.toMatchObject({ code: 'closed' })
    })

    it(`so it has after ${others.toLocaleString('en')} other events`, async () => {
      const app = await start()
      const answers = await first(app)
      const event = { type: 'savings-deposited', schemaVersion: 1, metadata: '{}', tags: [] }
      for (let part = 0; part < others / 10_000; part++) {
        const stream = `savings-other ${account} ${part}`
        const data = JSON.stringify({ account: 'other', amount: 1 })
        await app.store.append({
          stream,
          events: Array.from({ length: 10_000 }, () => ({ ...event, id: systemRuntime.uuid(), data })),
        })
      }
      expect(await answersOf(app)).toEqual(answers)
      expect(await answersOf(await start())).toEqual(answers)
    }, 120_000)

    it('gets events and state of the first time, where it asks for them', async () => {
      const app = await start()
      await first(app)
      await app.dispatch(new Deposit({ account, amount: 7 }))
      const [accepted] = threeOf(account)
      const again = { commandId: `${account}/0` }
      expect(await app.dispatch(accepted!, { ...again, returning: 'events' })).toMatchObject({
        events: [{ data: { amount: 5 } }],
      })
      expect(await app.dispatch(accepted!, { ...again, returning: { state: Savings } })).toMatchObject({ state: { balance: 5 } })
    })

    it('is a mistake of the sender’s when the id was another command’s', async () => {
      const app = await start()
      await first(app)
      const other = app.dispatch(new Deposit({ account, amount: 6 }), { commandId: `${account}/0` })
      await expect(other).rejects.toMatchObject({ code: 'command-id-reused', commandId: `${account}/0` })
      expect(await eventsIn(app)).toBe(1)
    })

    it('that failed is not remembered: nothing was decided', async () => {
      const commandId = `${account}/failed`
      const app = await start()
      await expect(app.dispatch(new Break({ account }), { commandId })).rejects.toThrow('broken')
      const mended = await start({ name: 'changed', modules: [changed] })
      expect(await mended.dispatch(new Break({ account }), { commandId })).toMatchObject({ version: 1 })
    })

    it('is forgotten with its receipt, and decided anew', async () => {
      const app = await start()
      const [before] = await first(app)
      expect(await app.store.receipts.deleteOlderThan(DAY)).toBe(0)
      expect(await answersOf(app)).toMatchObject([before, {}, {}])
      await until(async () => (await app.store.receipts.deleteOlderThan(0)) > 0)
      expect(await answersOf(app)).toMatchObject([{ version: 2, result: { balance: 10 } }, {}, {}])
    })

    it('leaves one receipt; a command without leaves none', async () => {
      const app = await start()
      const { receipts } = app.store
      const { commandId } = await app.dispatch(new Deposit({ account, amount: 1 }))
      expect(await receipts.find(commandId)).toBeUndefined()
      await app.dispatch(new Look({ account }), { commandId: `${account}/look` })
      expect(await receipts.find(`${account}/look`)).toMatchObject({ stream: `savings-${account}`, version: 1 })
    })
  })
}

/** Receipts of this very millisecond are not older than now. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise(setImmediate)
}
