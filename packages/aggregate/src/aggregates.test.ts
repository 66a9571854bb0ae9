import { type AnyCommand, EventTypes, hasCode } from '@writ/event-store'
import { inMemoryEventStore } from '@writ/event-store-memory'
import {
  AccountOpened,
  accountValue,
  DepositMoney,
  MoneyDeposited,
  OpenAccount,
  spellings,
  WithdrawMoney,
} from '../test/account.js'
import { bankOf } from '../test/bank.js'
import { ManualRuntime } from '../test/manual-runtime.js'
import { type AggregateDefinition, Aggregates } from './index.js'

const account = 'ann'
const open = (name = account) => new OpenAccount({ account: name, owner: name })
const deposit = (amount: number, name = account) => new DepositMoney({ account: name, amount })
const withdraw = (amount: number) => new WithdrawMoney({ account, amount })
const never = () => new Promise<never>(() => {})

describe.each(spellings)('the aggregates of an application, each $spelling,', ({ account: definition }) => {
  describe('stay in memory', () => {
    it('as many as the cache holds, those used last', async () => {
      const bank = await bankOf(definition, { cacheSize: 2 })
      await bank.execute(open('ann'))
      await bank.execute(open('bob'))
      await bank.execute(deposit(1, 'ann'))
      await bank.execute(open('cem'))
      expect(bank.aggregates.cached).toBe(2)
      const reads = bank.store.reads.length
      await bank.execute(deposit(1, 'ann'))
      await bank.execute(deposit(1, 'cem'))
      expect(bank.store.reads.length).toBe(reads)
      expect(await bank.execute(deposit(1, 'bob'))).toMatchObject({ version: 2 })
      expect(bank.store.reads.slice(reads)).toEqual(['account-bob'])
    })

    it('as long as they have something to do, whatever the cache holds', async () => {
      const bank = await bankOf(definition, { cacheSize: 0 })
      bank.store.hold()
      const replies = ['ann', 'bob', 'cem'].map((name) => bank.execute(open(name)))
      const held = [await bank.store.next(), await bank.store.next(), await bank.store.next()]
      expect(bank.aggregates.cached).toBe(3)
      for (const append of held) append.pass()
      await Promise.all(replies)
      expect(bank.aggregates.cached).toBe(0)
    })

    it('for their lifespan after the last command', async () => {
      const runtime = new ManualRuntime()
      const bank = await bankOf(definition, { runtime, lifespan: 60_000 })
      await bank.execute(open('ann'))
      await bank.execute(open('bob'))
      await runtime.pass(40_000)
      await bank.execute(deposit(1, 'bob'))
      await runtime.pass(20_000)
      expect(bank.aggregates.cached).toBe(1)
      await runtime.pass(39_999)
      expect(bank.aggregates.cached).toBe(1)
      await runtime.pass(1)
      expect(bank.aggregates.cached).toBe(0)
      expect(runtime.sleepers).toBe(0)
      expect(await bank.execute(deposit(1, 'ann'))).toMatchObject({ version: 2 })
      await bank.aggregates.stop()
    })

    describe('as long as their aggregate says:', () => {
      const living = (lifespan: AggregateDefinition['lifespan']) => ({ ...definition, lifespan }) as AggregateDefinition

      it('for its own time', async () => {
        const runtime = new ManualRuntime()
        const bank = await bankOf(living(1_000), { runtime, lifespan: 60_000 })
        await bank.execute(open())
        await runtime.pass(999)
        expect(bank.aggregates.cached).toBe(1)
        await runtime.pass(1)
        expect(bank.aggregates.cached).toBe(0)
        await bank.aggregates.stop()
      })

      it('for ever, or not at all', async () => {
        const runtime = new ManualRuntime()
        const [lasting, fleeting] = [
          await bankOf(living('forever'), { runtime, lifespan: 10 }),
          await bankOf(living('stop'), { runtime }),
        ]
        for (const bank of [lasting, fleeting]) await bank.execute(open())
        await runtime.pass(10_000)
        expect([lasting.aggregates.cached, fleeting.aggregates.cached]).toEqual([1, 0])
        expect(await fleeting.execute(deposit(1))).toMatchObject({ version: 2 })
      })

      it('by the last event, the last command or the last error', async () => {
        const runtime = new ManualRuntime()
        const bank = await bankOf(
          living({
            afterEvent: (event) => (event instanceof AccountOpened ? 'forever' : 100),
            afterCommand: (command) => (command instanceof OpenAccount ? 200 : 'stop'),
            afterError: (error) => (hasCode(error, 'balance-too-low') ? 300 : 'stop'),
          }),
          { runtime },
        )
        const cachedFor = async (milliseconds: number) => {
          await runtime.pass(milliseconds - 1)
          const before = bank.aggregates.cached
          await runtime.pass(1)
          return [before, bank.aggregates.cached]
        }
        await bank.execute(open())
        expect(await cachedFor(10_000)).toEqual([1, 1])
        await bank.execute(deposit(1))
        expect(await cachedFor(100)).toEqual([1, 0])
        await bank.execute(open())
        expect(await cachedFor(200)).toEqual([1, 0])
        await expect(bank.execute(withdraw(5))).rejects.toMatchObject({ code: 'balance-too-low' })
        expect(await cachedFor(300)).toEqual([1, 0])
        await bank.aggregates.stop()
      })

      it('and as the application says where that is no lifespan, with a warning', async () => {
        const broken = () => {
          throw new TypeError('no luck')
        }
        for (const afterEvent of [broken, () => -1, () => 'never' as 'forever']) {
          const bank = await bankOf(living({ afterEvent }))
          await bank.execute(open())
          expect(bank.aggregates.cached).toBe(1)
          expect(bank.warnings).toEqual([expect.stringContaining('lifespan')])
        }
      })
    })

    it('not at all, when nothing is known of them', async () => {
      const bank = await bankOf(definition)
      bank.store.beforeRead = () => {
        throw new TypeError('no such luck')
      }
      await expect(bank.execute(open())).rejects.toThrow('no such luck')
      expect(bank.aggregates.cached).toBe(0)
    })
  })

  describe('run out of time:', () => {
    const timedBank = async () => {
      const runtime = new ManualRuntime()
      const bank = await bankOf(definition, { runtime })
      await bank.execute(open())
      return { bank, runtime }
    }

    it('a command that waits for another is withdrawn', async () => {
      const { bank, runtime } = await timedBank()
      const stuck = bank.execute(deposit(1), { decide: never, timeout: 5_000 })
      const waiting = bank.execute(deposit(2), { timeout: 200, commandId: 'waiting' })
      const patient = bank.execute(deposit(3), { timeout: 60_000 })
      const settled = Promise.allSettled([stuck, waiting, patient])
      await runtime.pass(200)
      await expect(waiting).rejects.toMatchObject({
        code: 'command-timeout',
        mayBeCommitted: false,
        timeout: 200,
        commandId: 'waiting',
        stream: 'account-ann',
      })
      await runtime.pass(5_000)
      expect(await settled).toMatchObject([
        { reason: { code: 'command-timeout', mayBeCommitted: false } },
        { reason: {} },
        { value: { version: 2 } },
      ])
      expect((await bank.stateOf()).state).toMatchObject({ balance: 3 })
    })

    it('a handler that never answers holds up nobody else, and its late answer is dropped', async () => {
      const { bank, runtime } = await timedBank()
      let answer = (_event: MoneyDeposited) => {}
      const late = bank.execute(deposit(1), { decide: () => new Promise((resolve) => (answer = resolve)), timeout: 100 })
      const next = bank.execute(deposit(2), { timeout: 60_000 })
      await Promise.all([runtime.pass(100), expect(late).rejects.toMatchObject({ code: 'command-timeout' })])
      expect(await next).toMatchObject({ version: 2 })
      answer(new MoneyDeposited({ account, amount: 100 }))
      await runtime.pass(10)
      expect((await bank.stateOf()).state).toMatchObject({ balance: 2 })
    })

    it('a handler that never answers holds up nobody else, also when its state was dropped meanwhile', async () => {
      const { bank, runtime } = await timedBank()
      const there = await bankOf(definition, { log: bank.log })
      bank.store.hold()
      const first = bank.execute(deposit(1), { timeout: 60_000 })
      const append = await bank.store.next()
      const stuck = bank.execute(deposit(2), { decide: never, timeout: 100 })
      const next = bank.execute(deposit(3), { timeout: 60_000 })
      await there.execute(deposit(10))
      append.pass()
      bank.store.release()
      await Promise.all([
        runtime.pass(100),
        expect(stuck).rejects.toMatchObject({ code: 'command-timeout', mayBeCommitted: false }),
      ])
      expect(await Promise.all([first, next])).toMatchObject([{ version: 3 }, { version: 4 }])
    })

    it('a command on its way to the store may be stored, and the error says so', async () => {
      const { bank, runtime } = await timedBank()
      bank.store.hold()
      const sent = bank.execute(deposit(5), { timeout: 100 })
      const append = await bank.store.next()
      const next = bank.execute(withdraw(5), { timeout: 60_000 })
      await Promise.all([
        runtime.pass(100),
        expect(sent).rejects.toMatchObject({ code: 'command-timeout', mayBeCommitted: true }),
      ])
      append.pass()
      bank.store.release()
      expect(await next).toMatchObject({ version: 3 })
    })

    it('what was decided on a withdrawn command decides again without it', async () => {
      const { bank, runtime } = await timedBank()
      bank.store.hold()
      const first = bank.execute(deposit(1))
      const append = await bank.store.next()
      const withdrawn = bank.execute(deposit(5), { timeout: 100 })
      const spends = bank.execute(withdraw(5), { timeout: 60_000 })
      const modest = bank.execute(withdraw(1), { timeout: 60_000 })
      await Promise.all([runtime.pass(100), expect(withdrawn).rejects.toMatchObject({ mayBeCommitted: false })])
      append.pass()
      bank.store.release()
      expect(await Promise.allSettled([first, spends, modest])).toMatchObject([
        { value: { version: 2 } },
        { reason: { code: 'balance-too-low', facts: { balance: 1 } } },
        { value: { version: 3 } },
      ])
    })

    it('a thousand commands with the same timeout need one timer, and none remains', async () => {
      const { bank, runtime } = await timedBank()
      bank.store.hold()
      const replies = Array.from({ length: 1_000 }, () => bank.execute(deposit(1), { timeout: 30_000 }))
      expect(runtime.sleepers).toBe(1)
      bank.store.release()
      await Promise.all(replies)
      await runtime.pass(1_000)
      expect(runtime.sleepers).toBe(0)
    })
  })

  describe('take in', () => {
    it('as many commands for one stream as are allowed; the rest is told that nothing was stored', async () => {
      const bank = await bankOf(definition, { maxPending: 3 })
      await bank.execute(open())
      bank.store.hold()
      const replies = Array.from({ length: 3 }, () => bank.execute(deposit(1)))
      await expect(bank.execute(deposit(1))).rejects.toMatchObject({ code: 'overloaded', stream: 'account-ann', waiting: 3 })
      bank.store.release()
      await Promise.all(replies)
      expect(await bank.execute(deposit(1))).toMatchObject({ version: 5 })
    })

    it('as many commands in all as are allowed', async () => {
      const bank = await bankOf(definition, { maxPendingTotal: 2 })
      bank.store.hold()
      const replies = [bank.execute(open('ann')), bank.execute(open('bob'))]
      await expect(bank.execute(open('cem'))).rejects.toMatchObject({ code: 'overloaded', stream: undefined, waiting: 2 })
      bank.store.release()
      await Promise.all(replies)
      expect(await bank.execute(open('cem'))).toMatchObject({ version: 1 })
    })

    it('none when they stop, and stop when those under way are answered', async () => {
      const bank = await bankOf(definition)
      bank.store.hold()
      const reply = bank.execute(open())
      let isStopped = false
      const stopped = bank.aggregates.stop().then(() => (isStopped = true))
      await expect(bank.execute(open('bob'))).rejects.toMatchObject({ code: 'stopped' })
      const append = await bank.store.next()
      expect(isStopped).toBe(false)
      append.pass()
      expect(await reply).toMatchObject({ version: 1 })
      await stopped
    })
  })

  it('are asked for their state without being loaded into memory, and never answer what is outdated', async () => {
    const bank = await bankOf(definition)
    expect(await bank.stateOf('nobody')).toMatchObject({ version: 0, position: 0, state: { balance: 0, status: 'absent' } })
    await bank.execute(open())
    const there = await bankOf(definition, { log: bank.log })
    await there.execute(deposit(5))
    expect(await bank.stateOf()).toMatchObject({ version: 2, position: 2, state: { balance: 5 } })
    expect(bank.aggregates.cached).toBe(1)
  })

  it('notice when a stream is shorter than what they know of it, and load it again', async () => {
    const bank = await bankOf(definition)
    await bank.execute(open())
    await bank.execute(deposit(5))
    const restored = inMemoryEventStore()
    await restored.start()
    const older = await bankOf(definition, { wrapped: restored })
    await older.execute(open())
    Object.defineProperty(bank.store, 'wrapped', { value: restored })
    await expect(bank.execute(withdraw(5))).rejects.toMatchObject({ code: 'balance-too-low', facts: { balance: 0 } })
    expect(await bank.stateOf()).toMatchObject({ version: 1 })
  })
})

it('refuse options that make no sense', () => {
  const options = { store: inMemoryEventStore(), events: new EventTypes([AccountOpened]) }
  for (const [option, value] of Object.entries({ cacheSize: -1, lifespan: 0.5, maxPending: 0, maxPendingTotal: Number.NaN })) {
    expect(() => new Aggregates({ ...options, [option]: value })).toThrow(
      expect.objectContaining({ code: 'invalid-option', option }),
    )
  }
})

it('refuse a second aggregate of one category', async () => {
  const bank = await bankOf(accountValue)
  await bank.execute(open())
  const other = { ...accountValue, name: 'Impostor' }
  await expect(bank.execute(open() as AnyCommand, { aggregate: other })).rejects.toMatchObject({
    code: 'invalid-aggregate',
    aggregate: 'Impostor',
  })
})
