import { Subscriptions } from '@writ/event-handler'
import { type DomainError, type EventStore } from '@writ/event-store'
import { inMemoryEventStore } from '@writ/event-store-memory'
import { Bank } from '../test/bank.js'
import {
  bankCommands,
  bankEvents,
  CompleteTransfer,
  DepositMoney,
  MoneyDeposited,
  MoneyRefunded,
  MoneyWithdrawn,
  RefundMoney,
  RefuseTransfer,
  TransferRequested,
  WithdrawMoney,
} from '../test/bank-messages.js'
import {
  End,
  end,
  On,
  on,
  type ProcessContext,
  ProcessManager,
  type ProcessManagerDefinition,
  processManager,
  processManagerOf,
  processSubscription,
  Rejected,
  readJournal,
  rejected,
  Start,
  start,
} from './index.js'

// #region class
@ProcessManager({ name: 'transfer', correlate: 'transfer' })
class TransferProcess {
  private from = ''
  private to = ''

  @Start(TransferRequested)
  requested({ transfer, from, to, amount }: TransferRequested) {
    this.from = from
    this.to = to
    return new WithdrawMoney({ account: from, amount, transfer, to })
  }

  @Rejected(WithdrawMoney)
  refused({ transfer }: WithdrawMoney, { code }: DomainError) {
    return new RefuseTransfer({ transfer, reason: code })
  }

  @On(MoneyWithdrawn)
  withdrawn({ transfer, amount }: MoneyWithdrawn, { instance }: ProcessContext) {
    return new DepositMoney({ account: this.to, amount, transfer: transfer ?? instance })
  }

  @Rejected(DepositMoney)
  bounced({ transfer, amount }: DepositMoney, { code }: DomainError) {
    return [new RefundMoney({ account: this.from, amount, transfer }), new RefuseTransfer({ transfer, reason: code })]
  }

  @End(MoneyDeposited)
  done(_event: MoneyDeposited, { instance }: ProcessContext) {
    return new CompleteTransfer({ transfer: instance })
  }

  @End(MoneyRefunded)
  refunded(_event: MoneyRefunded) {}
}
// #endregion

// #region value
const transferProcess = processManager<{ from: string; to: string }>({
  name: 'transfer',
  correlate: 'transfer',
  initialState: { from: '', to: '' },
  reactions: [
    start(TransferRequested, ({ transfer, from, to, amount }) => ({
      state: { from, to },
      commands: new WithdrawMoney({ account: from, amount, transfer, to }),
    })),
    rejected(WithdrawMoney, ({ transfer }, { code }) => new RefuseTransfer({ transfer, reason: code })),
    on(MoneyWithdrawn, ({ amount }, { state, instance }) => new DepositMoney({ account: state.to, amount, transfer: instance })),
    rejected(DepositMoney, ({ transfer, amount }, { code }, { state }) => [
      new RefundMoney({ account: state.from, amount, transfer }),
      new RefuseTransfer({ transfer, reason: code }),
    ]),
    end(MoneyDeposited, (_event, { instance }) => new CompleteTransfer({ transfer: instance })),
    end(MoneyRefunded),
  ],
})
// #endregion

describe.each([
  ['a class', () => processManagerOf(TransferProcess, () => new TransferProcess())],
  ['a value', () => transferProcess],
])('the transfer of the README as %s', (_, definition) => {
  it('is run, and its journal can be read', async () => {
    const store = inMemoryEventStore()
    await store.start()
    const bank = new Bank(store)
    const subscriptions = run(store, definition(), bank)
    await subscriptions.start()
    await bank.append('account-ann', new MoneyDeposited({ account: 'ann', amount: 100 }))
    const position = await bank.request('t1')
    await subscriptions.waitFor(position, ['transfer'])
    // #region journal
    const journal = await readJournal(store, 'transfer', 't1')
    expect(journal[0]).toMatchObject({
      event: { type: 'transfer-requested', stream: 'transfer-t1' },
      state: { from: 'ann', to: 'bob' },
      outcomes: [],
      commands: [{ type: 'withdraw-money', data: { account: 'ann', amount: 10 } }],
      ended: false,
    })
    // #endregion
    await subscriptions.stop()
    await store.stop()
  })
})

function run(store: EventStore, definition: ProcessManagerDefinition, { dispatch }: Bank): Subscriptions {
  // #region run
  const subscriptions = new Subscriptions({ store, events: bankEvents })
  subscriptions.add(processSubscription(definition, { store, commands: bankCommands, dispatch }))
  // #endregion
  return subscriptions
}
