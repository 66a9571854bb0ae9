import { type AnyEvent, Command } from '@writ/event-store'
import { z } from 'zod'
import {
  AccountOpened,
  type AccountState,
  BalanceTooLow,
  DepositMoney,
  MoneyDeposited,
  MoneyLost,
  MoneyWithdrawn,
  OpenAccount,
  spellings,
} from '../../test/account.js'
import { bankOf, given } from '../../test/bank.js'
import { type Decide, inSteps, type StepDecision } from '../index.js'

const account = 'ann'

class PayBills extends Command('pay-bills', z.object({ account: z.string(), bills: z.array(z.int()) }), {
  result: z.object({ left: z.int(), paid: z.int() }),
}) {}

const withdraw = ({ balance }: AccountState, amount: number) => {
  if (balance < amount) throw new BalanceTooLow(balance, amount)
  return new MoneyWithdrawn({ account, amount })
}

/** A gift first, then each bill: decided on what the ones before have left. */
const payBills: Decide<AccountState> = (state, command) =>
  inSteps(state)
    .step('gift', () => new MoneyDeposited({ account, amount: 10 }))
    .each('bills', (command as PayBills).bills, (now, amount) => withdraw(now, amount))
    .step('nothing', async () => {})
    .result(({ balance }, { gift, bills }) => ({ left: balance, paid: bills.length + gift.length }))

const decide = payBills as Decide<unknown>

describe.each(spellings)('a decision in steps, of an aggregate that is $spelling,', ({ account: definition }) => {
  const opened = async () => {
    const bank = await bankOf(definition)
    await bank.execute(new OpenAccount({ account, owner: 'Ann' }))
    return bank
  }
  const pay = (...bills: number[]) => new PayBills({ account, bills })
  const inOneStep = (step: (state: AccountState) => StepDecision | Promise<StepDecision>): { decide: Decide<unknown> } => ({
    decide: (state) => inSteps(state as AccountState).step('only', step),
  })

  it('lets each step see what the ones before it have decided, and stores all events as one append', async () => {
    const bank = await opened()
    bank.store.appends.length = 0
    const executed = await bank.execute(pay(4, 6), { decide })
    expect(executed).toMatchObject({ version: 4, eventCount: 3, result: { left: 0, paid: 3 } })
    expect(bank.store.appends.map(({ events }) => events.map(({ type }) => type))).toEqual([
      ['money-deposited', 'money-withdrawn', 'money-withdrawn'],
    ])
    expect(await bank.stateOf()).toMatchObject({ state: { balance: 0 }, version: 4 })
  })

  it('refuses the whole command when one step refuses, on the state that the step saw', async () => {
    const bank = await opened()
    await expect(bank.execute(pay(4, 7), { decide })).rejects.toMatchObject({
      code: 'balance-too-low',
      facts: { balance: 6, amount: 7 },
    })
    expect(await bank.stateOf()).toMatchObject({ state: { balance: 0 }, version: 1 })
  })

  it('stores nothing when a step fails, and reports its error', async () => {
    const bank = await opened()
    const failing = inOneStep(() => Promise.reject(new TypeError('no luck')))
    await expect(bank.execute(new DepositMoney({ account, amount: 1 }), failing)).rejects.toThrow('no luck')
    expect(await bank.stateOf()).toMatchObject({ version: 1 })
  })

  it.each([
    ['an event that the aggregate does not declare', () => new MoneyLost({ account })],
    ['what is no event', () => ({ amount: 5 }) as unknown as AnyEvent],
  ])('refuses %s', async (_what, step) => {
    const bank = await opened()
    await expect(bank.execute(new DepositMoney({ account, amount: 1 }), inOneStep(step))).rejects.toMatchObject({
      code: 'invalid-decision',
    })
  })

  it('decides again, from its first step on, when another process was first', async () => {
    const bank = await opened()
    const other = await bankOf(definition, { log: bank.log })
    await bank.stateOf()
    await other.execute(new DepositMoney({ account, amount: 100 }))
    expect(await bank.execute(pay(105), { decide })).toMatchObject({ version: 4, result: { left: 5, paid: 2 } })
  })

  it('is answered by its receipt when it is repeated', async () => {
    const bank = await opened()
    const first = await bank.execute(pay(10), { decide, ...given('bills') })
    const again = await (await bankOf(definition, { log: bank.log })).execute(pay(10), { decide, ...given('bills') })
    expect(again).toEqual({ ...first, repeated: true })
  })

  it('is decided on what commands before it have decided and the store has not confirmed', async () => {
    const bank = await opened()
    bank.store.hold()
    const replies = [bank.execute(new DepositMoney({ account, amount: 90 })), bank.execute(pay(100), { decide })]
    bank.store.release()
    expect(await Promise.all(replies)).toMatchObject([{ version: 2 }, { version: 4, result: { left: 0, paid: 2 } }])
  })

  it('gives its first step a state that is its own', async () => {
    const bank = await opened()
    const spoiling = inOneStep((state) => {
      Object.assign(state, Object.isFrozen(state) ? {} : { balance: 1_000 })
      return new AccountOpened({ account, owner: 'Ann' })
    })
    await bank.execute(new DepositMoney({ account, amount: 1 }), spoiling)
    expect(await bank.stateOf()).toMatchObject({ state: { balance: 0 } })
  })
})
