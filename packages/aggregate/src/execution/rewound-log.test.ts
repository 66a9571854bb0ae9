import { DepositMoney, OpenAccount, spellings, WithdrawMoney } from '../../test/account.js'
import { bankOf } from '../../test/bank.js'

const account = 'ann'
const open = new OpenAccount({ account, owner: account })
const deposit = (amount: number) => new DepositMoney({ account, amount })
const withdraw = (amount: number) => new WithdrawMoney({ account, amount })

describe.each(spellings)('an aggregate, $spelling, whose log is rewound', ({ account: definition }) => {
  it('decides nothing on state that is gone: its commands fail, and nothing is stored', async () => {
    const bank = await bankOf(definition)
    await bank.execute(open)
    await bank.execute(deposit(100))
    bank.log.rewind(1)
    expect(bank.aggregates.cached).toBe(0)
    await expect(bank.execute(withdraw(100))).rejects.toMatchObject({ code: 'log-rewound', lastKnown: { position: 2 } })
    expect(bank.log.events).toHaveLength(1)
  })

  it('is loaded from what is there when the store is started anew', async () => {
    const bank = await bankOf(definition)
    await bank.execute(open)
    await bank.execute(deposit(100))
    bank.log.rewind(1)
    await bank.store.stop()
    await bank.store.start()
    await expect(bank.execute(withdraw(100))).rejects.toMatchObject({ code: 'balance-too-low' })
    expect(await bank.execute(deposit(7))).toMatchObject({ version: 2 })
    expect(await bank.stateOf()).toMatchObject({ version: 2, state: { balance: 7 } })
  })

  it('fails what it has decided and not yet stored, and what waits behind it', async () => {
    const bank = await bankOf(definition)
    await bank.execute(open)
    await bank.execute(deposit(100))
    bank.store.hold()
    const replies = [bank.execute(deposit(1)), bank.execute(deposit(2)), bank.execute(deposit(3))]
    const held = await bank.store.next()
    bank.log.rewind(1)
    bank.store.release()
    held.pass()
    for (const reply of replies) await expect(reply).rejects.toMatchObject({ code: 'log-rewound' })
    expect(bank.log.events).toHaveLength(1)
  })

  it('does not keep what it was loading when that went', async () => {
    const bank = await bankOf(definition)
    await bank.execute(open)
    await bank.execute(deposit(100))
    const other = await bankOf(definition, { log: bank.log, cacheSize: 0 })
    await other.stateOf()
    let proceed = () => {}
    const loading = new Promise<void>((resolve) => {
      other.store.beforeRead = () => {
        resolve()
        return new Promise((go) => {
          proceed = go
        })
      }
    })
    const reply = other.execute(withdraw(50))
    await loading
    bank.log.rewind(1)
    other.store.beforeRead = () => {}
    proceed()
    await expect(reply).rejects.toMatchObject({ code: 'log-rewound' })
  })
})
