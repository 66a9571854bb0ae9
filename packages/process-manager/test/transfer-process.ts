import type { DomainError } from '@writ/event-store'
import {
  End,
  end,
  On,
  on,
  ProcessManager,
  type ProcessManagerDefinition,
  processManager,
  processManagerOf,
  Rejected,
  rejected,
  Start,
  start,
} from '../src/index.js'
import {
  CompleteTransfer,
  DepositMoney,
  MoneyDeposited,
  MoneyRefunded,
  MoneyWithdrawn,
  RefundMoney,
  RefuseTransfer,
  TransferRequested,
  WithdrawMoney,
} from './bank-messages.js'

// The same transfer, told twice. Where the money goes is remembered as state, for the withdrawal does not say.

@ProcessManager({ name: 'transfer', correlate: 'transfer' })
class TransferProcess {
  private from = ''
  private to = ''
  private refusals: string[] = []

  @Start(TransferRequested)
  requested({ transfer, from, to, amount }: TransferRequested) {
    this.from = from
    this.to = to
    return new WithdrawMoney({ account: from, amount, transfer, to })
  }

  @Rejected(WithdrawMoney)
  refused({ transfer }: WithdrawMoney, error: DomainError) {
    this.refusals.push(error.code)
    return new RefuseTransfer({ transfer, reason: error.code })
  }

  @On(MoneyWithdrawn)
  withdrawn({ amount, transfer }: MoneyWithdrawn) {
    return new DepositMoney({ account: this.to, amount, transfer: transfer! })
  }

  @Rejected(DepositMoney)
  bounced({ amount, transfer }: DepositMoney, error: DomainError) {
    this.refusals.push(error.code)
    return [
      new RefundMoney({ account: this.from, amount, transfer }),
      new RefuseTransfer({ transfer, reason: this.refusals.join() }),
    ]
  }

  @End(MoneyDeposited)
  done({ transfer }: MoneyDeposited) {
    return new CompleteTransfer({ transfer: transfer! })
  }

  @End(MoneyRefunded)
  refunded(_event: MoneyRefunded) {}
}

interface Transfer {
  readonly from: string
  readonly to: string
  readonly refusals: readonly string[]
}

export const transferProcess = processManager<Transfer>({
  name: 'transfer',
  correlate: 'transfer',
  initialState: { from: '', to: '', refusals: [] },
  reactions: [
    start(TransferRequested, ({ transfer, from, to, amount }, { state }) => ({
      state: { ...state, from, to },
      commands: new WithdrawMoney({ account: from, amount, transfer, to }),
    })),
    rejected(WithdrawMoney, ({ transfer }, { code }, { state }) => ({
      state: { ...state, refusals: [...state.refusals, code] },
      commands: new RefuseTransfer({ transfer, reason: code }),
    })),
    on(MoneyWithdrawn, ({ amount, transfer }, { state }) => new DepositMoney({ account: state.to, amount, transfer: transfer! })),
    rejected(DepositMoney, ({ amount, transfer }, { code }, { state }) => {
      const refusals = [...state.refusals, code]
      return {
        state: { ...state, refusals },
        commands: [
          new RefundMoney({ account: state.from, amount, transfer }),
          new RefuseTransfer({ transfer, reason: refusals.join() }),
        ],
      }
    }),
    end(MoneyDeposited, ({ transfer }) => new CompleteTransfer({ transfer: transfer! })),
    end(MoneyRefunded),
  ],
})

export const bothSpellings: readonly (readonly [string, () => ProcessManagerDefinition])[] = [
  ['a class', () => processManagerOf(TransferProcess, () => new TransferProcess())],
  ['a value', () => transferProcess],
]
