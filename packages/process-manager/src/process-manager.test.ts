import { until } from '@writ/build-tools'
import { eventHandler, on } from '@writ/event-handler'
import { AccountClosed, MoneyDeposited } from '../test/bank-messages.js'
import { Processes } from '../test/processes.js'
import { bothSpellings } from '../test/transfer-process.js'
import { ProcessAdvanced, readJournal } from './index.js'

const processes = new Processes()
afterEach(() => processes.stop())

describe.each(bothSpellings)('a process manager as %s', (_, definition) => {
  it('takes a transfer from its request to its completion', async () => {
    const { bank, settled } = await processes.start(definition())
    await bank.append('account-ann', new MoneyDeposited({ account: 'ann', amount: 100 }))
    await bank.request('t1', { amount: 30 })
    await settled()
    expect(await bank.history('transfer-t1')).toEqual(['transfer-requested', 'transfer-completed'])
    expect([await bank.balance('ann'), await bank.balance('bob')]).toEqual([70, 30])
  })

  it('is told of a refusal, and goes on from there', async () => {
    const { bank, settled } = await processes.start(definition())
    await bank.request('t1')
    await settled()
    expect(await bank.history('transfer-t1')).toEqual(['transfer-requested', 'transfer-refused'])
    expect(bank.dispatched.map(({ command }) => ({ ...command }))).toEqual([
      { account: 'ann', amount: 10, transfer: 't1', to: 'bob' },
      { transfer: 't1', reason: 'insufficient-funds' },
    ])
  })

  it('compensates with what it remembers', async () => {
    const { bank, settled } = await processes.start(definition())
    await bank.append('account-ann', new MoneyDeposited({ account: 'ann', amount: 100 }))
    await bank.append('account-bob', new AccountClosed({ account: 'bob' }))
    await bank.request('t1')
    await settled()
    expect(await bank.history('account-ann')).toEqual(['money-deposited', 'money-withdrawn', 'money-refunded'])
    expect(await bank.history('transfer-t1')).toEqual(['transfer-requested', 'transfer-refused'])
  })

  it('gives its journal to handlers that ask for it, and to no others', async () => {
    const seen: string[] = []
    const follower = eventHandler({
      name: 'follower',
      on: [
        on(ProcessAdvanced, ({ event, commands }, { event: { stream } }) => {
          seen.push(`${stream}: ${event.type} → ${commands.map(({ type }) => type)}`)
        }),
      ],
    })
    const { bank, settled } = await processes.start(definition(), { handlers: [follower] })
    await bank.request('t1')
    await settled()
    await until('it has seen both entries', () => seen.length === 2)
    expect(seen).toEqual([
      '$process.transfer-t1: transfer-requested → withdraw-money',
      '$process.transfer-t1: transfer-requested → refuse-transfer',
    ])
  })

  it('keeps a journal of what it handled, decided and learned', async () => {
    const { store, bank, settled } = await processes.start(definition())
    await bank.append('account-ann', new MoneyDeposited({ account: 'ann', amount: 100 }))
    await bank.append('account-bob', new AccountClosed({ account: 'bob' }))
    await bank.request('t1')
    await settled()
    const ids = bank.dispatched.map(({ commandId }) => commandId)
    const journal = await readJournal(store, 'transfer', 't1')
    const state = { from: 'ann', to: 'bob' }
    expect(journal).toMatchObject([
      {
        event: { type: 'transfer-requested', stream: 'transfer-t1', version: 1, position: 3 },
        outcomes: [],
        state,
        ended: false,
      },
      { event: { type: 'money-withdrawn' }, outcomes: [{ command: ids[0], accepted: { position: 5 } }], state, ended: false },
      {
        event: { type: 'money-withdrawn' },
        outcomes: [{ command: ids[1], refused: { code: 'account-closed', facts: { account: 'bob' } } }],
        state: { ...state, refusals: ['account-closed'] },
        ended: false,
      },
      { event: { type: 'money-refunded' }, outcomes: [{ command: ids[2] }, { command: ids[3] }], commands: [], ended: true },
    ])
    expect(journal.map(({ commands }) => commands)).toEqual([
      [{ id: ids[0], type: 'withdraw-money', data: { account: 'ann', amount: 10, transfer: 't1', to: 'bob' } }],
      [{ id: ids[1], type: 'deposit-money', data: { account: 'bob', amount: 10, transfer: 't1' } }],
      [
        { id: ids[2], type: 'refund-money', data: { account: 'ann', amount: 10, transfer: 't1' } },
        { id: ids[3], type: 'refuse-transfer', data: { transfer: 't1', reason: 'account-closed' } },
      ],
      [],
    ])
  })
})
