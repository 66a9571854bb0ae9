import { DepositMoney, MoneyDeposited, OpenAccount, spellings } from '../../test/account.js'
import { type Bank, bankOf } from '../../test/bank.js'
import { decided } from '../index.js'

const open = (account: string) => new OpenAccount({ account, owner: account })
const deposit = (account: string) => new DepositMoney({ account, amount: 1 })

describe.each(spellings)('a command that is likely to meet a new stream, of an aggregate that is $spelling,', ({ account }) => {
  const experienced = async (options?: Parameters<typeof bankOf>[1]): Promise<Bank> => {
    const bank = await bankOf(account, options)
    for (const name of ['bob', 'cem']) await bank.execute(open(name))
    bank.store.reads.length = 0
    bank.store.appends.length = 0
    return bank
  }

  it('decides without a read, for its append finds out', async () => {
    const bank = await experienced()
    expect(await bank.execute(open('ann'))).toMatchObject({ version: 1, result: { account: 'ann' } })
    expect(await bank.execute(deposit('ann'))).toMatchObject({ version: 2 })
    expect(bank.store.reads).toEqual([])
    expect(bank.store.appends).toMatchObject([{ expectedVersion: 0 }, { expectedVersion: 1 }])
  })

  it('takes over the events of a stream that is there all the same, counts no conflict, and is more careful next time', async () => {
    const other = await bankOf(account)
    await other.execute(open('ann'))
    await other.execute(deposit('ann'))
    const bank = await experienced({ log: other.log })
    expect(await bank.execute(open('ann'), { retries: 0 })).toMatchObject({ version: 2, eventCount: 0 })
    expect(bank.store.reads).toEqual([])
    await other.execute(open('dan'))
    expect(await bank.execute(open('dan'))).toMatchObject({ version: 1, eventCount: 0 })
    expect(bank.store.reads).toEqual(['account-dan'])
  })

  it('loads a stream that is there and too long to be missed in one answer', async () => {
    const other = await bankOf(account)
    await other.execute(open('ann'))
    for (let n = 0; n < 150; n++) await other.execute(deposit('ann'))
    const bank = await experienced({ log: other.log })
    expect(await bank.execute(open('ann'))).toMatchObject({ version: 151, eventCount: 0 })
    expect(await bank.stateOf()).toMatchObject({ state: { balance: 150 }, version: 151 })
  })

  it('reports a failure only when it is known that the stream is new', async () => {
    const other = await bankOf(account)
    await other.execute(open('ann'))
    const bank = await experienced({ log: other.log })
    const failsOnNew = {
      decide: (state: unknown) => {
        if ((state as { status: string }).status !== 'open') throw new TypeError('no account')
        return decided(new MoneyDeposited({ account: 'ann', amount: 5 }), { account: 'ann' })
      },
    }
    expect(await bank.execute(open('ann'), failsOnNew)).toMatchObject({ version: 2 })
    for (const name of ['eve', 'fay']) await bank.execute(open(name))
    await expect(bank.execute(open('dan'), failsOnNew)).rejects.toThrow('no account')
  })

  it('shows nobody a state that is only supposed', async () => {
    const other = await bankOf(account)
    await other.execute(open('ann'))
    const bank = await experienced({ log: other.log })
    bank.store.hold()
    const reply = bank.execute(open('ann'))
    const held = await bank.store.next()
    expect(await bank.stateOf()).toMatchObject({ version: 1 })
    held.pass()
    bank.store.release()
    await reply
  })

  it('is decided again when another process creates the stream meanwhile', async () => {
    const bank = await experienced()
    const other = await bankOf(account, { log: bank.log })
    bank.store.hold()
    const reply = bank.execute(open('ann'))
    const held = await bank.store.next()
    await other.execute(open('ann'))
    held.pass()
    bank.store.release()
    expect(await reply).toMatchObject({ version: 1, eventCount: 0 })
  })
})
