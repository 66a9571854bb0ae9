import { AccountOpened, DepositMoney, MoneyDeposited, OpenAccount, spellings, WithdrawMoney } from '../../test/account.js'
import { bankOf } from '../../test/bank.js'
import type { AggregateDefinition, HistoryOptions, HistoryStep } from '../index.js'

const account = 'ann'

describe.each(spellings)('the history of an aggregate that is $spelling', ({ account: definition }) => {
  const plain = definition as AggregateDefinition<{ balance: number; status: string }>

  const historyOf = async (options?: HistoryOptions, identity = account) => {
    const bank = await bankOf(definition)
    await bank.execute(new OpenAccount({ account, owner: 'Ann' }))
    await bank.execute(new DepositMoney({ account, amount: 7 }))
    await bank.execute(new WithdrawMoney({ account, amount: 2 }))
    const steps: HistoryStep<{ balance: number; status: string }>[] = []
    for await (const step of bank.aggregates.historyOf(plain, identity, options)) steps.push(step)
    return steps
  }

  it('is each event with the state before it, the state after it, and what changed', async () => {
    const steps = await historyOf()
    expect(steps.map(({ event }) => [event.version, event.data])).toEqual([
      [1, expect.any(AccountOpened)],
      [2, expect.any(MoneyDeposited)],
      [3, expect.objectContaining({ amount: 2 })],
    ])
    expect(steps.map(({ before, after }) => [before.balance, after.balance])).toEqual([
      [0, 0],
      [0, 7],
      [7, 5],
    ])
    expect(steps.map(({ changes }) => changes)).toEqual([
      [{ path: ['status'], kind: 'changed', before: 'absent', after: 'open' }],
      [{ path: ['balance'], kind: 'changed', before: 0, after: 7 }],
      [{ path: ['balance'], kind: 'changed', before: 7, after: 5 }],
    ])
  })

  it('can be had in part, with the right state to begin with', async () => {
    expect(await historyOf({ fromVersion: 3 })).toMatchObject([{ before: { balance: 7 }, after: { balance: 5 } }])
    expect(await historyOf({ fromVersion: 2, toVersion: 2 })).toMatchObject([{ before: { balance: 0 }, after: { balance: 7 } }])
    expect(await historyOf({ fromVersion: 3, toVersion: 2 })).toEqual([])
    expect(await historyOf({ fromVersion: 4 })).toEqual([])
  })

  it('is empty for one that is absent', async () => {
    expect(await historyOf({}, 'nobody')).toEqual([])
  })

  it('gives states that no later step changes', async () => {
    const steps = await historyOf()
    expect(steps.map(({ after }) => after.balance)).toEqual([0, 7, 5])
  })

  it.each([{ fromVersion: -1 }, { toVersion: 1.5 }])('refuses %p', async (options) => {
    const bank = await bankOf(definition)
    expect(() => bank.aggregates.historyOf(plain, account, options)).toThrow(expect.objectContaining({ code: 'invalid-option' }))
  })
})
