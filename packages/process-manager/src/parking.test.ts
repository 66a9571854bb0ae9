import { until } from '@writ/build-tools'
import { parkAtOnce } from '@writ/event-handler'
import { DepositMoney, MoneyDeposited } from '../test/bank-messages.js'
import { Processes } from '../test/processes.js'
import { bothSpellings } from '../test/transfer-process.js'

const processes = new Processes()
afterEach(() => processes.stop())

describe.each(bothSpellings)('a process manager as %s that parks', (_, spelling) => {
  it('holds up the one instance whose command can not be sent, and goes on with it where it was', async () => {
    const definition = { ...spelling(), onError: parkAtOnce }
    const { bank, subscriptions, settled } = await processes.start(definition)
    let isBroken = true
    bank.before = ({ command }) => {
      if (isBroken && command instanceof DepositMoney && command.transfer === 't1') throw new Error('the way is blocked')
    }
    await bank.append('account-ann', new MoneyDeposited({ account: 'ann', amount: 100 }))
    for (const transfer of ['t1', 't2', 't3']) await bank.request(transfer)
    const parked = subscriptions.parked(definition.name)
    await until('the others have ended', async () => (await bank.balance('bob')) === 20)
    await until('one is parked', async () => (await parked.list()).length === 1)
    expect(await parked.list()).toMatchObject([
      { sequence: 't1', event: { type: 'money-withdrawn' }, attempts: [{ error: { message: 'the way is blocked' } }] },
    ])
    isBroken = false
    expect(await parked.retry({ sequence: 't1' }, { wait: true })).toEqual({ events: 1, left: 0 })
    await settled()
    expect([await bank.balance('ann'), await bank.balance('bob')]).toEqual([70, 30])
    const deposits = bank.dispatched.filter(({ command }) => command instanceof DepositMoney && command.transfer === 't1')
    expect(new Set(deposits.map(({ commandId }) => commandId)).size).toBe(1)
    expect(await bank.history('transfer-t1')).toEqual(['transfer-requested', 'transfer-completed'])
  })
})
