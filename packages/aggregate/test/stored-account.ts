import {
  Aggregate,
  type AggregateDefinition,
  Apply,
  aggregate,
  aggregateOf,
  decided,
  Handle,
  model,
  rowsOf,
  updated,
} from '../src/index.js'
import {
  AccountOpened,
  type AccountState,
  BalanceTooLow,
  DepositMoney,
  MoneyDeposited,
  MoneyWithdrawn,
  OpenAccount,
  WithdrawMoney,
} from './account.js'

/** The account in four spellings, each with its state in a row. */
export interface StoredSpelling {
  readonly spelling: string
  readonly account: AggregateDefinition<AccountState>
  readonly table: string
  /** Whether its events tell its state. */
  readonly isTold: boolean
}

/** @param schema of the tables */
export function storedSpellings(schema: string): readonly StoredSpelling[] {
  const table = (name: string) => `${schema}.${name}`
  const rows = (name: string) => ({ table: table(name), key: 'account' })
  const identity = 'account'
  const initialState: AccountState = { balance: 0, status: 'absent' }

  @Aggregate({ category: 'row', identity, storedIn: rowsOf(rows('row')) })
  class RowAccount {
    balance = 0
    status: 'absent' | 'open' = 'absent'

    @Handle(OpenAccount)
    open({ account, owner }: OpenAccount) {
      return decided(this.status === 'open' ? [] : new AccountOpened({ account, owner }), { account })
    }

    @Handle(DepositMoney)
    deposit({ account, amount }: DepositMoney) {
      return new MoneyDeposited({ account, amount })
    }

    @Handle(WithdrawMoney)
    withdraw({ account, amount }: WithdrawMoney) {
      if (this.balance < amount) throw new BalanceTooLow(this.balance, amount)
      return [new MoneyWithdrawn({ account, amount })]
    }

    @Apply(AccountOpened)
    opened(_event: AccountOpened) {
      this.status = 'open'
    }

    @Apply(MoneyDeposited)
    deposited({ amount }: MoneyDeposited) {
      this.balance += amount
    }

    @Apply(MoneyWithdrawn)
    withdrawn({ amount }: MoneyWithdrawn) {
      this.balance -= amount
    }
  }

  @Aggregate({
    category: 'record',
    identity,
    storedIn: rowsOf<AccountState>(rows('record')),
    events: [AccountOpened, MoneyDeposited, MoneyWithdrawn],
  })
  class RecordAccount {
    balance = 0
    status: 'absent' | 'open' = 'absent'

    @Handle(OpenAccount)
    open({ account, owner }: OpenAccount) {
      if (this.status === 'open') return decided([], { account })
      this.status = 'open'
      return decided(new AccountOpened({ account, owner }), { account })
    }

    @Handle(DepositMoney)
    deposit({ account, amount }: DepositMoney) {
      this.balance += amount
      return new MoneyDeposited({ account, amount })
    }

    @Handle(WithdrawMoney)
    withdraw({ account, amount }: WithdrawMoney) {
      // Changed before it is refused: nothing of that may stay.
      this.balance -= amount
      if (this.balance < 0) throw new BalanceTooLow(this.balance + amount, amount)
      return [new MoneyWithdrawn({ account, amount })]
    }
  }

  const rowValue = aggregate({
    category: 'value',
    identity,
    commands: [OpenAccount, DepositMoney, WithdrawMoney],
    events: [AccountOpened, MoneyDeposited, MoneyWithdrawn],
    initialState,
    storedIn: rowsOf(rows('value')),
    decide: {
      'open-account': ({ status }, { account, owner }) =>
        decided(status === 'open' ? [] : new AccountOpened({ account, owner }), { account }),
      'deposit-money': (_state, { account, amount }) => new MoneyDeposited({ account, amount }),
      'withdraw-money': ({ balance }, { account, amount }) => {
        if (balance < amount) throw new BalanceTooLow(balance, amount)
        return [new MoneyWithdrawn({ account, amount })]
      },
    },
    evolve: {
      'account-opened': (state) => ({ ...state, status: 'open' }),
      'money-deposited': (state, { amount }) => ({ ...state, balance: state.balance + amount }),
      'money-withdrawn': (state, { amount }) => ({ ...state, balance: state.balance - amount }),
    },
  })

  const modelValue = model({
    category: 'model',
    identity,
    storedIn: rowsOf(rows('model')),
    commands: [OpenAccount, DepositMoney, WithdrawMoney],
    events: [AccountOpened, MoneyDeposited, MoneyWithdrawn],
    initialState,
    decide: {
      'open-account': (state, { account, owner }) =>
        state.status === 'open'
          ? updated(state, [], { account })
          : updated({ ...state, status: 'open' }, new AccountOpened({ account, owner }), { account }),
      'deposit-money': (state, { account, amount }) =>
        updated({ ...state, balance: state.balance + amount }, new MoneyDeposited({ account, amount })),
      'withdraw-money': (state, { account, amount }) => {
        if (state.balance < amount) throw new BalanceTooLow(state.balance, amount)
        return updated({ ...state, balance: state.balance - amount }, [new MoneyWithdrawn({ account, amount })])
      },
    },
  })

  return [
    { spelling: 'a class whose events change it', account: aggregateOf(RowAccount), table: table('row'), isTold: true },
    { spelling: 'a value whose events change it', account: rowValue, table: table('value'), isTold: true },
    { spelling: 'a class whose methods change it', account: aggregateOf(RecordAccount), table: table('record'), isTold: false },
    { spelling: 'a model', account: modelValue, table: table('model'), isTold: false },
  ]
}
