import { StoreUnavailableError } from '@writ/event-store'
import { DepositMoney, MoneyDeposited, OpenAccount, spellings, WithdrawMoney } from '../../test/account.js'
import { bankOf, given } from '../../test/bank.js'
import { ManualRuntime } from '../../test/manual-runtime.js'

const account = 'ann'
const open = new OpenAccount({ account, owner: 'Ann' })
const deposit = (amount: number) => new DepositMoney({ account, amount })
const withdraw = (amount: number) => new WithdrawMoney({ account, amount })

describe.each(spellings)('a command with a given id, to an aggregate that is $spelling', ({ account: definition }) => {
  const openedBank = async () => {
    const bank = await bankOf(definition)
    await bank.execute(open)
    return bank
  }

  it('takes effect once, and each repetition gets the first answer', async () => {
    const bank = await openedBank()
    const first = await bank.execute(deposit(5), given('once'))
    await bank.execute(deposit(1))
    const again = await bank.execute(deposit(5), given('once'))
    expect(first).toMatchObject({ version: 2, position: 2, eventCount: 1, repeated: false })
    expect(again).toEqual({ ...first, repeated: true })
    expect((await bank.stateOf()).state).toMatchObject({ balance: 6 })
  })

  it('takes effect once when it comes twenty times at once', async () => {
    const bank = await openedBank()
    const replies = await Promise.all(Array.from({ length: 20 }, () => bank.execute(deposit(5), given('once'))))
    expect(new Set(replies.map(({ version, position }) => `${version} ${position}`))).toEqual(new Set(['2 2']))
    expect(replies.filter(({ repeated }) => !repeated).length).toBe(1)
    expect((await bank.stateOf()).state).toMatchObject({ balance: 5 })
  })

  it('decides once when it comes twice while another append is under way', async () => {
    const bank = await openedBank()
    bank.store.hold()
    const replies = [bank.execute(deposit(1)), bank.execute(deposit(5), given('once')), bank.execute(deposit(5), given('once'))]
    bank.store.release()
    expect(await Promise.all(replies)).toMatchObject([
      { version: 2 },
      { version: 3, repeated: false },
      { version: 3, repeated: true },
    ])
    expect(bank.store.appends.at(-1)!.receipts).toMatchObject([{ commandId: 'once', eventsUpTo: 1 }])
    expect((await bank.stateOf()).state).toMatchObject({ balance: 6 })
  })

  it('takes effect once when it comes to several processes at once, among others', async () => {
    const bank = await openedBank()
    const others = await Promise.all(Array.from({ length: 3 }, () => bankOf(definition, { log: bank.log })))
    const banks = [bank, ...others]
    const replies = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        Promise.all([
          banks[index % 4]!.execute(deposit(5), given(`id ${Math.floor(index / 8)}`)),
          banks[index % 4]!.execute(deposit(1)),
        ]),
      ),
    )
    expect((await bank.stateOf()).state).toMatchObject({ balance: 5 * 5 + 40 })
    for (let id = 0; id < 5; id++) {
      const same = replies.slice(id * 8, id * 8 + 8).map(([{ version, position }]) => `${version} ${position}`)
      expect(new Set(same).size).toBe(1)
    }
  })

  it('is answered by its receipt after a restart', async () => {
    const bank = await openedBank()
    const first = await bank.execute(deposit(5), given('once'))
    await bank.aggregates.stop()
    const later = await bankOf(definition, { log: bank.log })
    expect(await later.execute(deposit(5), given('once'))).toEqual({ ...first, repeated: true })
    expect(later.store.appends.length).toBe(1)
  })

  it('stays refused, although the state has changed since', async () => {
    const bank = await openedBank()
    const refusal = { code: 'balance-too-low', message: 'The balance is 0, and 5 is too much.', facts: { balance: 0, amount: 5 } }
    await expect(bank.execute(withdraw(5), given('once'))).rejects.toMatchObject(refusal)
    await bank.execute(deposit(5))
    await expect(bank.execute(withdraw(5), given('once'))).rejects.toMatchObject(refusal)
    const later = await bankOf(definition, { log: bank.log })
    await expect(later.execute(withdraw(5), given('once'))).rejects.toMatchObject({ ...refusal, name: 'DomainError' })
    expect(await later.execute(withdraw(5), given('another'))).toMatchObject({ version: 3 })
  })

  it('is answered as accepted, although it would be refused now', async () => {
    const bank = await openedBank()
    await bank.execute(deposit(5))
    const first = await bank.execute(withdraw(5), given('once'))
    expect(await bank.execute(withdraw(5), given('once'))).toEqual({ ...first, repeated: true })
  })

  it('is answered by its receipt, although its handler fails now', async () => {
    const bank = await openedBank()
    const first = await bank.execute(deposit(5), given('once'))
    const failing = {
      decide: () => {
        throw new TypeError('the mail server is away')
      },
    }
    expect(await bank.execute(deposit(5), { ...given('once'), ...failing })).toEqual({ ...first, repeated: true })
    await expect(bank.execute(deposit(5), { ...given('new'), ...failing })).rejects.toThrow('the mail server is away')
    // A failure is not remembered.
    expect(await bank.execute(deposit(5), given('new'))).toMatchObject({ version: 3 })
  })

  it('leaves a receipt also when it decided nothing', async () => {
    const bank = await openedBank()
    const first = await bank.execute(open, given('once'))
    expect(first).toMatchObject({ version: 1, position: 1, eventCount: 0, result: { account: 'ann' } })
    await bank.execute(deposit(1))
    expect(await bank.execute(open, given('once'))).toEqual({ ...first, repeated: true })
  })

  it('gets the declared result of the first time', async () => {
    const bank = await bankOf(definition)
    const first = await bank.execute(open, given('once'))
    const later = await bankOf(definition, { log: bank.log })
    const again = await later.execute(open, given('once'))
    expect(again.result).toEqual({ account: 'ann' })
    expect(again).toEqual({ ...first, repeated: true })
  })

  it('gets the events and the state of the first time, where they are wanted', async () => {
    const bank = await openedBank()
    await bank.execute(deposit(5), given('once'))
    await bank.execute(deposit(1))
    const events = await bank.execute(deposit(5), { ...given('once'), wants: 'events' })
    expect(events.events).toMatchObject([{ version: 2, data: { amount: 5 } }])
    expect(events.events![0]!.data).toBeInstanceOf(MoneyDeposited)
    const state = await bank.execute(deposit(5), { ...given('once'), wants: 'state' })
    expect(state.state).toMatchObject({ balance: 5 })
  })

  it('refuses the same id for another command, with an error of its own', async () => {
    const bank = await openedBank()
    await bank.execute(deposit(5), given('once', 'five'))
    const reused = { code: 'command-id-reused', commandId: 'once', stream: 'account-ann' }
    await expect(bank.execute(deposit(6), given('once', 'six'))).rejects.toMatchObject(reused)
    const [first, second] = await Promise.allSettled([
      bank.execute(deposit(5), given('twice', 'five')),
      bank.execute(deposit(6), given('twice', 'six')),
    ])
    expect(first.status).toBe('fulfilled')
    expect(second).toMatchObject({ reason: { code: 'command-id-reused' } })
    expect((await bank.stateOf()).state).toMatchObject({ balance: 10 })
  })

  it('that comes in one append with others, and was handled by another process, is answered alone; the others decide again', async () => {
    const bank = await openedBank()
    const there = await bankOf(definition, { log: bank.log })
    bank.store.hold()
    const replies = [
      bank.execute(deposit(1)),
      bank.execute(deposit(5), given('once')),
      bank.execute(withdraw(5)),
      bank.execute(deposit(2)),
    ]
    const first = await bank.store.next()
    const elsewhere = await there.execute(deposit(5), given('once'))
    first.pass()
    bank.store.release()
    expect(await Promise.all(replies)).toMatchObject([
      { version: 3, repeated: false },
      { version: elsewhere.version, repeated: true },
      { version: 4, repeated: false },
      { version: 5, repeated: false },
    ])
    expect((await bank.stateOf()).state).toMatchObject({ balance: 3 })
  })

  it('can be repeated after an unknown outcome, and takes effect once', async () => {
    const bank = await openedBank()
    bank.store.hold()
    const lost = bank.execute(deposit(5), given('once'))
    ;(await bank.store.next()).passAndFail(new StoreUnavailableError('controlled', 'append', true, new Error('cut')))
    bank.store.release()
    await expect(lost).rejects.toMatchObject({ code: 'store-unavailable', mayBeCommitted: true })
    expect(await bank.execute(deposit(5), given('once'))).toMatchObject({ version: 2, repeated: true })
  })

  it('waits on, when the first one that it joined ran out of time before anything was sent', async () => {
    const bank = await openedBank()
    let tries = 0
    const slowAtFirst = {
      decide: async () => {
        if (++tries === 1) await new Promise((resolve) => setTimeout(resolve, 100))
        return new MoneyDeposited({ account, amount: 5 })
      },
    }
    const hasty = bank.execute(deposit(5), { ...given('once'), ...slowAtFirst, timeout: 10 })
    const patient = bank.execute(deposit(5), { ...given('once'), ...slowAtFirst, timeout: 10_000 })
    await expect(hasty).rejects.toMatchObject({ code: 'command-timeout', mayBeCommitted: false })
    expect(await patient).toMatchObject({ version: 2, repeated: false })
    await bank.aggregates.stop()
  })

  it('waits no longer than it may, when the first one that it joined has more time', async () => {
    const runtime = new ManualRuntime()
    const bank = await bankOf(definition, { runtime })
    await bank.execute(open)
    bank.store.hold()
    const patient = bank.execute(deposit(5), { ...given('once'), timeout: 60_000 })
    const append = await bank.store.next()
    const hasty = bank.execute(deposit(5), { ...given('once'), timeout: 100 })
    await Promise.all([
      runtime.pass(100),
      expect(hasty).rejects.toMatchObject({ code: 'command-timeout', mayBeCommitted: true, timeout: 100 }),
    ])
    append.pass()
    expect(await patient).toMatchObject({ version: 2 })
    bank.store.release()
    expect(await bank.execute(deposit(5), { ...given('once'), timeout: 100 })).toMatchObject({ version: 2, repeated: true })
    await bank.aggregates.stop()
    expect(runtime.sleepers).toBe(0)
  })

  it('costs other commands nothing: they leave no receipt', async () => {
    const bank = await openedBank()
    await bank.execute(deposit(1))
    expect(bank.store.appends.every(({ receipts }) => receipts === undefined)).toBe(true)
  })
})
