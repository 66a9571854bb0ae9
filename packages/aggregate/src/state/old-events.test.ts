import { Event, EventTypes, systemRuntime, upcaster } from '@writ/event-store'
import { z } from 'zod'
import {
  Account,
  AccountOpened,
  accountEvents,
  DepositMoney,
  MoneyDeposited,
  MoneyWithdrawn,
  WithdrawMoney,
} from '../../test/account.js'
import { bankOf } from '../../test/bank.js'
import { aggregateOf } from '../index.js'

// What earlier years called a deposit, with the fee that was taken at once; and what they wrote down when somebody looked.
const events = new EventTypes(accountEvents, {
  upcasters: [
    upcaster({
      from: { type: 'paid-in', schemaVersion: 1 },
      to: [MoneyDeposited, MoneyWithdrawn],
      upcast: ({ account, amount, fee }: { account: string; amount: number; fee: number }) => [
        { 'money-deposited': { account, amount } },
        { 'money-withdrawn': { account, amount: fee } },
      ],
    }),
    upcaster({ from: { type: 'looked-at', schemaVersion: 1 }, to: [] }),
  ],
})

const account = 'ann'
const stream = `account-${account}`
const old = (type: string, data: object) => {
  return { id: systemRuntime.uuid(), type, schemaVersion: 1, data: JSON.stringify(data), metadata: '{}', tags: [] }
}
const opened = old('account-opened', { account, owner: 'Ann' })
const paidIn = old('paid-in', { account, amount: 10, fee: 1 })
const lookedAt = old('looked-at', {})
const fresh = (event: typeof opened) => ({ ...event, id: systemRuntime.uuid() })

const definition = aggregateOf(Account)

describe('an aggregate with events of earlier years', () => {
  it('has the state that they mean today, at the version and position of the stored ones', async () => {
    const bank = await bankOf(definition, { events })
    await bank.store.append({ stream, events: [opened, paidIn, lookedAt, fresh(paidIn)] })
    expect(await bank.stateOf()).toMatchObject({ state: { status: 'open', balance: 18 }, version: 4, position: 4 })
    for (const [version, balance] of [
      [1, 0],
      [2, 9],
      [3, 9],
      [4, 18],
    ] as const) {
      const at = await bank.aggregates.stateOf(definition, account, { version })
      expect(at).toMatchObject({ state: { balance }, version })
    }
  })

  it('decides on it, and goes on in the same stream', async () => {
    const bank = await bankOf(definition, { events })
    await bank.store.append({ stream, events: [opened, paidIn, lookedAt] })
    await expect(bank.execute(new WithdrawMoney({ account, amount: 10 }))).rejects.toMatchObject({ facts: { balance: 9 } })
    expect(await bank.execute(new WithdrawMoney({ account, amount: 9 }))).toMatchObject({ version: 4 })
    expect(await bank.stateOf()).toMatchObject({ state: { balance: 0 } })
  })

  it('takes over such events when another writer was first', async () => {
    const bank = await bankOf(definition, { events })
    await bank.store.append({ stream, events: [opened] })
    await bank.execute(new DepositMoney({ account, amount: 1 }))
    await bank.store.append({ stream, events: [paidIn, lookedAt] })
    await expect(bank.execute(new WithdrawMoney({ account, amount: 11 }))).rejects.toMatchObject({ facts: { balance: 10 } })
    expect(await bank.execute(new WithdrawMoney({ account, amount: 10 }))).toMatchObject({ version: 5 })
  })

  it('has a history with a step for each of the events that one became, and none for what became nothing', async () => {
    const bank = await bankOf(definition, { events })
    await bank.store.append({ stream, events: [opened, paidIn, lookedAt] })
    const steps: unknown[] = []
    for await (const { event, after } of bank.aggregates.historyOf(definition, account)) {
      steps.push([event.type, event.version, event.part, (after as { balance: number }).balance])
    }
    expect(steps).toEqual([
      ['account-opened', 1, 0, 0],
      ['money-deposited', 2, 0, 10],
      ['money-withdrawn', 2, 1, 9],
    ])
  })

  it('names the place of an event that its upcaster can not read, and decides nothing', async () => {
    const bank = await bankOf(definition, { events })
    await bank.store.append({ stream, events: [opened, old('paid-in', { account, amount: Number.MAX_VALUE, fee: 0 })] })
    const refused = { code: 'undecodable-event', stream, version: 2, position: 2 }
    await expect(bank.execute(new DepositMoney({ account, amount: 1 }))).rejects.toMatchObject(refused)
  })
})

describe('a boundary over events of earlier years', () => {
  class Registered extends Event('registered', z.object({ email: z.string() }), {
    tags: ({ email }) => [`email:${email}`],
  }) {}
  const types = new EventTypes([...accountEvents, Registered], {
    upcasters: [
      upcaster({
        from: { type: 'signed-up', schemaVersion: 1 },
        to: [Registered, AccountOpened],
        upcast: ({ mail, name }: { mail: string; name: string | null }) => [
          { registered: { email: mail } },
          ...(name === null ? [] : [{ 'account-opened': { account: mail, owner: name } }]),
        ],
      }),
    ],
  })
  const email = 'ann@example.com'
  const tags = [`email:${email}`]
  const signedUp = { ...old('signed-up', { mail: email, name: 'Ann' }), tags }

  async function found(asked: readonly string[] | undefined) {
    const bank = await bankOf(definition, { events: types })
    await bank.store.append({ stream: 'user-1', events: [signedUp] })
    await bank.store.append({ stream, events: [opened] })
    let boundary: readonly unknown[] = []
    await bank.execute(new DepositMoney({ account, amount: 1 }), {
      boundary: { items: [{ ...(asked && { types: asked }), tags }] },
      decide: (_state, _command, handling) => {
        boundary = handling.boundary.map(({ type, part }) => `${type} ${part}`)
        return new MoneyDeposited({ account, amount: 1 })
      },
    })
    return boundary
  }

  it('finds what they are today, and of their parts those that it asks for', async () => {
    for (const [asked, expected] of [
      [['registered'], ['registered 0']],
      [['account-opened'], ['account-opened 1']],
      [undefined, ['registered 0', 'account-opened 1']],
      [['money-deposited'], []],
    ] as const) {
      expect(await found(asked)).toEqual(expected)
    }
  })

  it.each([
    ['a name of earlier years', { types: ['signed-up'], tags }, "names the type 'signed-up', which events had in earlier years"],
    ['a name that nobody knows', { types: ['registerd'], tags }, "the nearest known one is 'registered'"],
    ['no list of types', { types: 'registered' as never }, 'no list'],
  ])('is refused by %s, where it would hold for nothing without a word', async (_, item, why) => {
    const bank = await bankOf(definition, { events: types })
    await bank.store.append({ stream, events: [opened] })
    const deciding = bank.execute(new DepositMoney({ account, amount: 1 }), {
      boundary: { items: [item] },
      decide: () => new MoneyDeposited({ account, amount: 1 }),
    })
    await expect(deciding).rejects.toMatchObject({ code: 'invalid-boundary', message: expect.stringContaining(why) })
  })

  it('does not find an event of a type that it asks for, where that has become another one', async () => {
    class Left extends Event('left', z.object({ email: z.string() }), { schemaVersion: 2 }) {}
    const wasOther = upcaster({
      from: { type: 'left', schemaVersion: 1 },
      to: Registered,
      upcast: (data: { email: string }) => data,
    })
    const bank = await bankOf(definition, {
      events: new EventTypes([...accountEvents, Registered, Left], { upcasters: [wasOther] }),
    })
    await bank.store.append({ stream: 'user-1', events: [{ ...old('left', { email }), tags }] })
    await bank.store.append({ stream, events: [opened] })
    let found: number | undefined
    await bank.execute(new DepositMoney({ account, amount: 1 }), {
      boundary: { items: [{ types: ['left'], tags }] },
      decide: (_state, _command, { boundary }) => {
        found = boundary.length
        return new MoneyDeposited({ account, amount: 1 })
      },
    })
    expect(found).toBe(0)
  })

  it('holds against those that come meanwhile, whatever they are stored as', async () => {
    const bank = await bankOf(definition, { events: types })
    await bank.store.append({ stream, events: [opened] })
    const seen: number[] = []
    await bank.execute(new DepositMoney({ account, amount: 1 }), {
      boundary: { items: [{ types: ['registered'], tags }] },
      decide: async (_state, _command, { boundary }) => {
        seen.push(boundary.length)
        if (seen.length === 1) await bank.store.append({ stream: 'user-1', events: [signedUp] })
        return new MoneyDeposited({ account, amount: 1 })
      },
    })
    expect(seen).toEqual([0, 1])
  })
})
