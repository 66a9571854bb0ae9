import { hasCode } from '@writ/event-store'
import { DepositMoney, OpenAccount, spellings, WithdrawMoney } from '../test/account.js'
import { bankOf } from '../test/bank.js'

const account = 'ann'

describe.each(spellings)('an aggregate that is $spelling', ({ account: definition }) => {
  it('decides on a command, stores its events and answers with version and position', async () => {
    const bank = await bankOf(definition)
    const opened = await bank.execute(new OpenAccount({ account, owner: 'Ann' }))
    expect(opened).toMatchObject({ stream: 'account-ann', version: 1, position: 1, eventCount: 1, repeated: false })
    expect(await bank.execute(new DepositMoney({ account, amount: 5 }))).toMatchObject({ version: 2, position: 2 })
    expect(await bank.stateOf()).toEqual({
      state: expect.objectContaining({ balance: 5, status: 'open' }),
      version: 2,
      position: 2,
    })
  })

  it('refuses with a domain error and stores nothing', async () => {
    const bank = await bankOf(definition)
    await bank.execute(new OpenAccount({ account, owner: 'Ann' }))
    const refusal = bank.execute(new WithdrawMoney({ account, amount: 5 }))
    await expect(refusal).rejects.toMatchObject({ code: 'balance-too-low', facts: { balance: 0, amount: 5 } })
    expect(await bank.stateOf()).toMatchObject({ version: 1 })
    expect(hasCode(new Error(), 'x')).toBe(false)
  })

  it('decides a thousand concurrent commands in their order, in few appends', async () => {
    const bank = await bankOf(definition)
    await bank.execute(new OpenAccount({ account, owner: 'Ann' }))
    const replies = await Promise.all(Array.from({ length: 1_000 }, () => bank.execute(new DepositMoney({ account, amount: 1 }))))
    expect(replies.map(({ version }) => version)).toEqual(Array.from({ length: 1_000 }, (_, index) => index + 2))
    expect(replies.map(({ position }) => position)).toEqual(Array.from({ length: 1_000 }, (_, index) => index + 2))
    expect(await bank.stateOf()).toMatchObject({ state: { balance: 1_000 }, version: 1_001 })
    expect(bank.store.appends.length).toBeLessThan(10)
  })
})
