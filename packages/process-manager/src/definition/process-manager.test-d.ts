import type { DomainError } from '@writ/event-store'
import {
  AccountClosed,
  CompleteTransfer,
  DepositMoney,
  MoneyDeposited,
  MoneyWithdrawn,
  RefundMoney,
  Refused,
  RefuseTransfer,
  TransferCompleted,
  TransferRequested,
  WithdrawMoney,
} from '../../test/bank-messages.js'
import {
  End,
  end,
  On,
  on,
  type ProcessContext,
  ProcessManager,
  processManager,
  Rejected,
  rejected,
  Start,
  start,
} from '../index.js'

@ProcessManager({ name: 'right', correlate: 'transfer' })
export class Right {
  private attempts = 0

  @Start(TransferRequested)
  requested({ transfer }: TransferRequested) {
    this.attempts++
    return new CompleteTransfer({ transfer })
  }

  @On(MoneyWithdrawn)
  async withdrawn({ transfer }: MoneyWithdrawn, { instance, event }: ProcessContext) {
    if (event.version > 1)
      return [new CompleteTransfer({ transfer: transfer ?? instance }), new RefuseTransfer({ transfer: instance, reason: '' })]
    return []
  }

  @Rejected(CompleteTransfer)
  refused(command: CompleteTransfer, { code }: DomainError, { instance }: ProcessContext) {
    return this.attempts > 3 ? undefined : new RefuseTransfer({ transfer: command.transfer, reason: code + instance })
  }

  @End(MoneyDeposited)
  done(_event: MoneyDeposited) {}

  helper(_text: string): number {
    return this.attempts
  }
}

@ProcessManager({
  name: 'by-function',
  correlate: (event: AccountClosed | TransferRequested) => ('account' in event ? event.account : event.from),
})
export class ByFunction {
  @Start(TransferRequested)
  requested(_event: TransferRequested) {}

  @End(AccountClosed)
  closed(_event: AccountClosed) {}
}

export class WrongMessages {
  // @ts-expect-error the parameter is another event than the one that @Start names
  @Start(TransferRequested)
  start(_event: TransferCompleted) {}

  // @ts-expect-error the parameter is another event than the one that @On names
  @On(MoneyWithdrawn)
  on(_event: MoneyDeposited) {}

  // @ts-expect-error the parameter is another event than the one that @End names
  @End(MoneyWithdrawn)
  end(_event: MoneyDeposited) {}

  // @ts-expect-error the parameter is another command than the one that @Rejected names
  @Rejected(DepositMoney)
  rejected(_command: RefundMoney) {}

  // @ts-expect-error what is told is the refusal as the receipt keeps it, not the domain's own class
  @Rejected(DepositMoney)
  refused(_command: DepositMoney, _error: Refused & { readonly own: true }) {}

  // @ts-expect-error an event is no command
  @Rejected(MoneyDeposited)
  event(_event: MoneyDeposited) {}

  // @ts-expect-error a command is no event
  @On(DepositMoney)
  command(_command: DepositMoney) {}
}

export class WrongAnswers {
  // @ts-expect-error process managers decide commands, not events
  @Start(TransferRequested)
  start({ transfer }: TransferRequested) {
    return new TransferCompleted({ transfer })
  }

  // @ts-expect-error a text is no command
  @On(MoneyWithdrawn)
  async on(_event: MoneyWithdrawn) {
    return 'deposit'
  }

  // @ts-expect-error a copy is no command
  @Rejected(CompleteTransfer)
  rejected(command: CompleteTransfer) {
    return [{ reason: command.transfer }]
  }
}

// @ts-expect-error an event that has no such field can't be correlated by it
@ProcessManager({ name: 'no-field', correlate: 'transfer' })
export class NoField {
  @Start(AccountClosed)
  closed(_event: AccountClosed) {}
}

// @ts-expect-error an amount is no id
@ProcessManager({ name: 'number', correlate: 'amount' })
export class NumberField {
  @Start(MoneyDeposited)
  deposited(_event: MoneyDeposited) {}
}

// @ts-expect-error the function does not take all of the events
@ProcessManager({ name: 'by-function', correlate: (event: AccountClosed) => event.account })
export class NotAllEvents {
  @Start(AccountClosed)
  closed(_event: AccountClosed) {}

  @On(MoneyDeposited)
  deposited(_event: MoneyDeposited) {}
}

interface Counted {
  readonly count: number
}

processManager<Counted>({
  name: 'counted',
  correlate: 'transfer',
  initialState: { count: 0 },
  reactions: [
    start(TransferRequested, ({ transfer }, { state }) => ({
      state: { count: state.count + 1 },
      commands: new CompleteTransfer({ transfer }),
    })),
    on(MoneyWithdrawn, async (_, { state: { count } }) => ({ state: { count: count + 1 } })),
    rejected(
      WithdrawMoney,
      ({ transfer }, { code }, { state }) => new RefuseTransfer({ transfer, reason: `${code} ${state.count}` }),
    ),
    end(MoneyDeposited),
  ],
})

processManager({
  name: 'stateless',
  correlate: (event: TransferRequested) => event.transfer,
  reactions: [start(TransferRequested, ({ transfer }) => new CompleteTransfer({ transfer }))],
})

processManager<Counted>({
  name: 'wrong-state',
  correlate: 'transfer',
  initialState: { count: 0 },
  // @ts-expect-error the state has no such field
  reactions: [start(TransferRequested, (_, { state }) => void state.total)],
})

processManager<Counted>({
  name: 'wrong-next-state',
  correlate: 'transfer',
  initialState: { count: 0 },
  // @ts-expect-error the next state is of another shape
  reactions: [start(TransferRequested, () => ({ state: { count: 'one' } }))],
})

// @ts-expect-error process managers decide commands, not events
start(TransferRequested, ({ transfer }) => new TransferCompleted({ transfer }))

// @ts-expect-error an event is no command
rejected(MoneyDeposited, () => undefined)
