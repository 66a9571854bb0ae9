import { testDatabase } from '@writ/build-tools'
import type { EventStore } from '@writ/event-store'
import { postgresEventStore } from '@writ/event-store-postgres'
import { DepositMoney, OpenAccount, spellings, WithdrawMoney } from '../../test/account.js'
import { type Bank, bankOf, given } from '../../test/bank.js'

const account = 'ann'
const deposit = (amount: number) => new DepositMoney({ account, amount })
const withdraw = (amount: number) => new WithdrawMoney({ account, amount })

describe.each(spellings)('on PostgreSQL, an aggregate that is $spelling', ({ account: definition }) => {
  const database = testDatabase()
  const schema = `${database.schema}_${spellings.findIndex((one) => one.account === definition)}`
  const stores: EventStore[] = []

  async function processOf(): Promise<Bank> {
    const wrapped = postgresEventStore({ connectionString: database.connectionString, schema, poolSize: 3 })
    stores.push(wrapped)
    return bankOf(definition, { wrapped })
  }

  afterAll(() => Promise.all(stores.map((store) => store.stop())))

  it('is raced for by two processes, and neither loses nor makes up money', async () => {
    const [here, there] = [await processOf(), await processOf()]
    await here.execute(new OpenAccount({ account, owner: 'Ann' }))
    await here.execute(deposit(100))
    // 240 withdrawals of 1, and as much as 120 in deposits, from both sides; 100 more commands repeat five ids.
    const sent = Array.from({ length: 240 }, (_, index) => {
      const bank = index % 2 === 0 ? here : there
      return [
        bank.execute(withdraw(1), { retries: 1_000 }),
        ...(index % 4 < 2 ? [bank.execute(deposit(1), { retries: 1_000 })] : []),
        ...(index < 100 ? [bank.execute(deposit(10), { ...given(`id ${index % 5}`), retries: 1_000 })] : []),
      ]
    }).flat()
    const settled = await Promise.allSettled(sent)
    const refused = settled.filter((one) => one.status === 'rejected')
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'balance-too-low' })
    const accepted = settled.filter((one) => one.status === 'fulfilled').map(({ value }) => value)
    const versions = accepted.filter(({ repeated }) => !repeated).map(({ version }) => version)
    expect(new Set(versions).size).toBe(versions.length)
    const balances = await balancesIn(here)
    expect(Math.min(...balances)).toBeGreaterThanOrEqual(0)
    expect(balances.at(-1)).toBe(100 + 120 + 5 * 10 - 240 + refused.length)
    for (const bank of [here, there]) {
      expect(await bank.stateOf(account)).toMatchObject({ state: { balance: balances.at(-1) }, version: balances.length })
    }
  })

  it('answers a repeated command after a restart, by its receipt', async () => {
    const here = await processOf()
    const first = await here.execute(deposit(7), given('before the restart'))
    await expect(here.execute(withdraw(1_000_000), given('too much'))).rejects.toMatchObject({ code: 'balance-too-low' })
    await here.aggregates.stop()
    const later = await processOf()
    expect(await later.execute(deposit(7), given('before the restart'))).toEqual({ ...first, repeated: true })
    await later.execute(deposit(1_000_000))
    await expect(later.execute(withdraw(1_000_000), given('too much'))).rejects.toMatchObject({ code: 'balance-too-low' })
  })

  it('lets many commands of one caller follow each other in few appends', async () => {
    const here = await processOf()
    await here.execute(deposit(1))
    const before = here.store.appends.length
    const replies = await Promise.all(Array.from({ length: 1_000 }, () => here.execute(deposit(1))))
    const versions = replies.map(({ version }) => version)
    expect(versions).toEqual(versions.map((_, index) => versions[0]! + index))
    expect(here.store.appends.length - before).toBeLessThanOrEqual(10)
  })

  async function balancesIn(bank: Bank): Promise<number[]> {
    const balances: number[] = []
    let balance = 0
    for await (const page of bank.store.readStream(`account-${account}`)) {
      for (const { type, data } of page) {
        const { amount = 0 } = JSON.parse(data) as { amount?: number }
        balance += type === 'money-withdrawn' ? -amount : amount
        balances.push(balance)
      }
    }
    return balances
  }
})
