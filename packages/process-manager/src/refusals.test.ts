import { CompleteTransfer, MoneyRefunded, TransferRequested, WithdrawMoney } from '../test/bank-messages.js'
import { Processes } from '../test/processes.js'
import { end, processManager, readJournal, rejected, start } from './index.js'

const processes = new Processes()
afterEach(() => processes.stop())

describe('refusals to a process manager', () => {
  it('that the manager has nothing for are journaled and warned of, and it goes on', async () => {
    const deaf = processManager({
      name: 'deaf',
      correlate: 'transfer',
      reactions: [
        start(TransferRequested, ({ transfer, from, to, amount }) => [
          new WithdrawMoney({ account: from, amount, transfer, to }),
          new CompleteTransfer({ transfer }),
        ]),
      ],
    })
    const { store, bank, logger, settled } = await processes.start(deaf)
    await bank.request('t1')
    await settled()
    expect(await bank.history('transfer-t1')).toEqual(['transfer-requested', 'transfer-completed'])
    expect(await readJournal(store, 'deaf', 't1')).toMatchObject([
      {},
      { outcomes: [{ refused: { code: 'insufficient-funds' } }], commands: [{ type: 'complete-transfer' }] },
    ])
    expect(logger.at('warn')).toMatchObject([
      { facts: { command: 'withdraw-money', code: 'insufficient-funds', instance: 't1' } },
    ])
  })

  it('come before the commands that were decided with the refused one, and may follow each other', async () => {
    const order: string[] = []
    const stubborn = processManager<number>({
      name: 'stubborn',
      correlate: 'transfer',
      initialState: 0,
      reactions: [
        start(TransferRequested, ({ transfer, from, to, amount }) => [
          new WithdrawMoney({ account: from, amount, transfer, to }),
          new CompleteTransfer({ transfer }),
        ]),
        rejected(WithdrawMoney, (command, { code }, { state, event }) => {
          order.push(`${code} ${state} at ${event.type}`)
          return state < 2 ? { state: state + 1, commands: command } : undefined
        }),
      ],
    })
    const { bank, settled } = await processes.start(stubborn)
    bank.before = ({ command }) => void order.push(command.constructor.name)
    await bank.request('t1')
    await settled()
    expect(order).toEqual([
      'WithdrawMoney',
      'insufficient-funds 0 at transfer-requested',
      'CompleteTransfer',
      'WithdrawMoney',
      'insufficient-funds 1 at transfer-requested',
      'WithdrawMoney',
      'insufficient-funds 2 at transfer-requested',
    ])
    const ids = bank.dispatched.filter(({ command }) => command instanceof WithdrawMoney).map(({ commandId }) => commandId)
    expect(new Set(ids).size).toBe(3)
  })

  it('of commands that an ending event decided are told all the same', async () => {
    const refusals: string[] = []
    const ending = processManager({
      name: 'ending',
      correlate: 'transfer',
      reactions: [
        start(TransferRequested, () => {}),
        end(MoneyRefunded, ({ transfer, amount }) => new WithdrawMoney({ account: 'nobody', amount, transfer, to: 'bob' })),
        rejected(WithdrawMoney, (_, { code }) => void refusals.push(code)),
      ],
    })
    const { store, bank, settled } = await processes.start(ending)
    await bank.request('t1')
    await bank.append('account-ann', new MoneyRefunded({ account: 'ann', amount: 1, transfer: 't1' }))
    await settled()
    expect(refusals).toEqual(['insufficient-funds'])
    expect((await readJournal(store, 'ending', 't1')).map(({ ended }) => ended)).toEqual([false, true, true])
  })
})
