import { DomainError, Event, StoreUnavailableError } from '@writ/event-store'
import { z } from 'zod'
import {
  AccountOpened,
  accountEvents,
  DepositMoney,
  MoneyDeposited,
  MoneyLost,
  OpenAccount,
  spellings,
  WithdrawMoney,
} from '../../test/account.js'
import { bankOf, given } from '../../test/bank.js'
import { decided } from '../index.js'

const account = 'ann'
const open = new OpenAccount({ account, owner: 'Ann' })
const deposit = (amount: number) => new DepositMoney({ account, amount })
const withdraw = (amount: number) => new WithdrawMoney({ account, amount })

describe.each(spellings)('an aggregate that is $spelling', ({ account: definition }) => {
  it('decides on a command, stores its events and answers with version, position and declared result', async () => {
    const bank = await bankOf(definition)
    const opened = await bank.execute(open, { commandId: 'opened-once' })
    expect(opened).toEqual({
      commandId: 'opened-once',
      stream: 'account-ann',
      version: 1,
      position: 1,
      eventCount: 1,
      result: { account: 'ann' },
      repeated: false,
    })
    expect(await bank.execute(deposit(5))).toMatchObject({ version: 2, position: 2, result: undefined })
    expect(await bank.stateOf()).toEqual({
      state: expect.objectContaining({ balance: 5, status: 'open' }),
      version: 2,
      position: 2,
    })
  })

  it('stores the metadata of the command with every event', async () => {
    const bank = await bankOf(definition)
    const metadata = { correlationId: 'c', causationId: 'x', actor: 'ann', user: { from: 'test' } }
    await bank.execute(open, { metadata })
    for await (const [stored] of bank.store.readStream('account-ann')) expect(JSON.parse(stored!.metadata)).toEqual(metadata)
  })

  it('refuses with a domain error and stores nothing', async () => {
    const bank = await bankOf(definition)
    await bank.execute(open)
    await expect(bank.execute(withdraw(5))).rejects.toMatchObject({ code: 'balance-too-low', facts: { balance: 0, amount: 5 } })
    expect(await bank.stateOf()).toMatchObject({ version: 1 })
  })

  it('asks the store also for a refusal and for a decision without events, at the version they were made on', async () => {
    const bank = await bankOf(definition)
    await bank.execute(open)
    await expect(bank.execute(withdraw(5))).rejects.toMatchObject({ code: 'balance-too-low' })
    expect(await bank.execute(open)).toMatchObject({ version: 1, position: 1, eventCount: 0 })
    expect(bank.store.appends.slice(1)).toEqual([
      { stream: 'account-ann', events: [], expectedVersion: 1 },
      { stream: 'account-ann', events: [], expectedVersion: 1 },
    ])
  })

  it('finds its refusal outdated when another process has stored what changes it', async () => {
    const here = await bankOf(definition)
    const there = await bankOf(definition, { log: here.log })
    await here.execute(open)
    await there.execute(deposit(10))
    expect(await here.execute(withdraw(10))).toMatchObject({ version: 3 })
  })

  it('decides only on what no crash can take away: an append that is sent again must not meet another event at its version', async () => {
    const bank = await bankOf(definition)
    await bank.execute(open)
    const other = await bankOf(definition, { log: bank.log })
    await other.execute(deposit(5), { boundary: { items: [{ types: ['account-opened'] }] } })
    expect(other.store.readOptions.length).toBe(2)
    for (const { durable } of other.store.readOptions) expect(durable).not.toBe(false)
  })

  it('loads an absent stream as the first state, and a long one in pages', async () => {
    const bank = await bankOf(definition)
    await expect(bank.execute(deposit(1))).rejects.toMatchObject({ code: 'account-not-open' })
    await bank.execute(open)
    await Promise.all(Array.from({ length: 2_500 }, () => bank.execute(deposit(1))))
    const later = await bankOf(definition, { log: bank.log })
    expect(await later.execute(withdraw(2_500))).toMatchObject({ version: 2_502 })
  })

  it('decides a thousand concurrent commands in their order, in few appends', async () => {
    const bank = await bankOf(definition)
    await bank.execute(open)
    const replies = await Promise.all(Array.from({ length: 1_000 }, () => bank.execute(deposit(1))))
    const ordered = Array.from({ length: 1_000 }, (_, index) => index + 2)
    expect(replies.map(({ version }) => version)).toEqual(ordered)
    expect(replies.map(({ position }) => position)).toEqual(ordered)
    expect(await bank.stateOf()).toMatchObject({ state: { balance: 1_000 }, version: 1_001 })
    expect(bank.store.appends.length).toBeLessThan(10)
  })

  it('awaits an asynchronous handler, and lets the next command decide only then', async () => {
    const bank = await bankOf(definition)
    await bank.execute(open)
    const seen: string[] = []
    const slow = bank.execute(deposit(1), {
      async decide() {
        seen.push('begins')
        await new Promise((resolve) => setTimeout(resolve, 5))
        seen.push('ends')
        return new MoneyDeposited({ account, amount: 100 })
      },
    })
    const next = bank.execute(withdraw(100), {
      decide(state, command, handling) {
        seen.push('next')
        return definition.decide.get('withdraw-money')!(state as never, command, handling)
      },
    })
    expect((await slow).version).toBe(2)
    expect((await next).version).toBe(3)
    expect(seen).toEqual(['begins', 'ends', 'next'])
  })

  it('reports what a handler throws besides domain errors as it is, and stores and remembers nothing', async () => {
    const bank = await bankOf(definition)
    const failure = new TypeError('the mail server is away')
    const fails = () => {
      throw failure
    }
    await expect(bank.execute(open, { decide: fails })).rejects.toBe(failure)
    await expect(bank.execute(open, { decide: () => Promise.reject(failure) })).rejects.toBe(failure)
    expect(bank.store.appends).toEqual([])
    expect(await bank.execute(open)).toMatchObject({ version: 1 })
  })

  it('refuses asynchronously as well', async () => {
    const bank = await bankOf(definition)
    class Closed extends DomainError {}
    await expect(bank.execute(open, { decide: () => Promise.reject(new Closed('closed', 'Closed.')) })).rejects.toBeInstanceOf(
      Closed,
    )
  })

  it('gives the events and the state after the command where they are wanted', async () => {
    const bank = await bankOf(definition)
    const [opened, deposited, withdrawn] = await Promise.all([
      bank.execute(open, { wants: 'events' }),
      bank.execute(deposit(5), { wants: 'state' }),
      bank.execute(withdraw(2), { wants: 'state' }),
    ])
    expect(opened!.events).toMatchObject([{ type: 'account-opened', version: 1, position: 1, data: { owner: 'Ann' } }])
    expect(opened!.events![0]!.data).toBeInstanceOf(AccountOpened)
    expect(opened!.events![0]!.createdAt).toBeInstanceOf(Date)
    expect(deposited!.state).toMatchObject({ balance: 5 })
    expect(withdrawn!.state).toMatchObject({ balance: 3 })
    expect((await bank.execute(open, { wants: 'events' })).events).toEqual([])
  })

  it('says that a command is stored where what is wanted besides can not be read', async () => {
    const bank = await bankOf(definition)
    await bank.execute(open)
    bank.store.beforeRead = () => {
      throw new StoreUnavailableError('controlled', 'read', false, new Error('reset'))
    }
    const told = { code: 'committed-not-told', stream: 'account-ann', cause: { code: 'store-unavailable' } }
    const first = bank.execute(deposit(5), { ...given('once'), wants: 'events' })
    await expect(first).rejects.toMatchObject({ ...told, commandId: 'once', version: 2, position: 2, wanted: 'events' })
    for (const wants of ['events', 'state'] as const)
      await expect(bank.execute(deposit(5), { ...given('once'), wants })).rejects.toMatchObject({
        ...told,
        version: 2,
        wanted: wants,
      })
    expect(await bank.execute(deposit(5), given('once'))).toMatchObject({ version: 2, repeated: true })
  })

  it('keeps its state to itself: what a reply or a query gave may be changed', async () => {
    const bank = await bankOf(definition)
    await bank.execute(open)
    const { state } = await bank.execute(deposit(5), { wants: 'state' })
    const asked = await bank.stateOf()
    for (const given of [state, asked.state] as { balance: number }[]) {
      try {
        given.balance = 1_000
      } catch {
        // States of a value are frozen: that is as good.
      }
    }
    await expect(bank.execute(withdraw(6))).rejects.toMatchObject({ code: 'balance-too-low' })
  })

  it('refuses a handler that changes the state itself, and keeps the state', async () => {
    const bank = await bankOf(definition)
    await bank.execute(open)
    const changing = bank.execute(deposit(5), {
      decide(state) {
        ;(state as { balance: number }).balance = 1_000
      },
    })
    await expect(changing).rejects.toThrow(/read only property 'balance'/)
    expect((await bank.stateOf()).state).toMatchObject({ balance: 0 })
  })

  describe('asked for what is no decision, answers with an error that names the handler:', () => {
    class Impostor extends Event('impostor', z.object({})) {}
    const event = new MoneyDeposited({ account, amount: 1 })
    const cases: [string, unknown, RegExp][] = [
      ['a plain copy of an event', { ...event }, /a plain object: an event is an instance of its class/],
      ['a list with a plain copy', [event, { ...event }], /a list with a plain object/],
      ['a list with a promise', [Promise.resolve(event)], /a promise inside of it: await it first/],
      ['a promise of a plain copy', Promise.resolve({ ...event }), /a plain object/],
      ['a text', 'deposited', /a string/],
      ['null', null, /null/],
      ['a command', deposit(1), /a DepositMoney, which is no event/],
      ['a list in a list', [[event]], /a list with a list/],
      ['an event that the aggregate does not declare', new MoneyLost({ account }), /the event MoneyLost \('money-lost'\)/],
      ['an event of no aggregate', new Impostor({}), /the event Impostor/],
      ['a result that the command does not declare', decided(event, 5), /a result, and 'deposit-money' declares none/],
    ]
    it.each(cases)('%s', async (_, answer, why) => {
      const bank = await bankOf(definition)
      await bank.execute(open)
      const execution = bank.execute(deposit(1), {
        decide: Object.defineProperty(() => answer as never, 'name', { value: 'Account.deposit' }),
      })
      await expect(execution).rejects.toMatchObject({ code: 'invalid-decision', handler: 'Account.deposit' })
      await expect(execution).rejects.toThrow(why)
      await expect(execution).rejects.toThrow(/^Account.deposit answered/)
      expect((await bank.stateOf()).version).toBe(1)
    })
  })

  it('refuses a result that does not fit what the command declares, and stores nothing', async () => {
    const bank = await bankOf(definition)
    const event = new AccountOpened({ account, owner: 'Ann' })
    const wrong = bank.execute(open, { decide: () => decided(event, { account: 5 }) })
    await expect(wrong).rejects.toMatchObject({
      code: 'invalid-result',
      commandType: 'open-account',
      issues: [{ path: 'account' }],
    })
    await expect(bank.execute(open, { decide: () => event })).rejects.toMatchObject({ code: 'invalid-result' })
    expect((await bank.stateOf()).version).toBe(0)
  })

  it('says at which event its state can not be told, and forgets the aggregate until it can', async () => {
    const bank = await bankOf(definition)
    await bank.execute(open)
    await bank.execute(deposit(5))
    let isBroken = true
    const evolve = new Map(definition.evolve).set('money-deposited', (state, event) => {
      if (isBroken) throw new RangeError('no more money')
      return definition.evolve.get('money-deposited')!(state, event)
    })
    const later = await bankOf({ ...definition, evolve }, { log: bank.log })
    const failing = later.execute(withdraw(5))
    await expect(failing).rejects.toMatchObject({
      code: 'apply-failed',
      stream: 'account-ann',
      version: 2,
      position: 2,
      eventType: 'money-deposited',
      cause: expect.any(RangeError),
    })
    expect(later.aggregates.cached).toBe(0)
    isBroken = false
    expect(await later.execute(withdraw(5))).toMatchObject({ version: 3 })
  })

  it('lets an event that can not be applied fail its own command before anything is stored', async () => {
    const evolve = new Map(definition.evolve).set('money-deposited', (state, event) => {
      if ((event as unknown as MoneyDeposited).amount === 13) throw new RangeError('thirteen')
      return definition.evolve.get('money-deposited')!(state, event)
    })
    const bank = await bankOf({ ...definition, evolve })
    await bank.execute(open)
    const [first, unlucky, last] = await Promise.allSettled([1, 13, 2].map((amount) => bank.execute(deposit(amount))))
    expect([first, last]).toMatchObject([{ value: { version: 2 } }, { value: { version: 3 } }])
    expect(unlucky).toMatchObject({ reason: { code: 'apply-failed', position: undefined } })
    expect(await bank.stateOf()).toMatchObject({ version: 3, state: { balance: 3 } })
  })

  it('refuses to apply to no state: such a command fails before anything is stored, and names the event', async () => {
    const evolve = new Map(definition.evolve).set('money-deposited', () => undefined as never)
    const bank = await bankOf({ ...definition, evolve })
    await bank.execute(open)
    await expect(bank.execute(deposit(1))).rejects.toMatchObject({
      code: 'apply-failed',
      eventType: 'money-deposited',
      message: expect.stringContaining('answers with undefined'),
    })
    expect(await bank.stateOf()).toMatchObject({ version: 1, state: { balance: 0 } })
  })

  it('refuses to apply asynchronously', async () => {
    const evolve = new Map(definition.evolve).set('account-opened', (async () => ({})) as never)
    const bank = await bankOf({ ...definition, evolve })
    await expect(bank.execute(open)).rejects.toMatchObject({ code: 'async-apply', eventType: 'account-opened' })
    expect(bank.store.appends).toEqual([])
  })

  it('says where a stream holds an event that it does not declare', async () => {
    const bank = await bankOf(definition)
    await bank.execute(open)
    const declared = new Map(definition.evolve).set('money-lost', (state) => state)
    const more = await bankOf({ ...definition, evolve: declared }, { log: bank.log })
    await more.execute(deposit(1), { decide: () => new MoneyLost({ account }) })
    const less = await bankOf(definition, { log: bank.log })
    await expect(less.execute(deposit(1))).rejects.toMatchObject({
      code: 'undeclared-event',
      eventType: 'money-lost',
      position: 2,
    })
    expect(accountEvents).toContain(MoneyLost)
  })
})
