import { Command, DomainError, Event } from '@writ/event-store'
import { z } from 'zod'
import { Aggregate, type AggregateDefinition, Apply, aggregate, aggregateOf, decided, Handle } from '../src/index.js'

export class AccountOpened extends Event('account-opened', z.object({ account: z.string(), owner: z.string() })) {}
export class MoneyDeposited extends Event('money-deposited', z.object({ account: z.string(), amount: z.int() })) {}
export class MoneyWithdrawn extends Event('money-withdrawn', z.object({ account: z.string(), amount: z.int() })) {}
/** Stored by nobody's handler here: for tests of what an aggregate does not declare. */
export class MoneyLost extends Event('money-lost', z.object({ account: z.string() })) {}

export class OpenAccount extends Command('open-account', z.object({ account: z.string(), owner: z.string() }), {
  result: z.object({ account: z.string() }),
}) {}
export class DepositMoney extends Command('deposit-money', z.object({ account: z.string(), amount: z.int() })) {}
export class WithdrawMoney extends Command('withdraw-money', z.object({ account: z.string(), amount: z.int() })) {}

class AccountNotOpen extends DomainError<'account-not-open'> {
  constructor(account: string) {
    super('account-not-open', `The account ${account} is not open.`, { account })
  }
}
export class BalanceTooLow extends DomainError<'balance-too-low'> {
  constructor(balance: number, amount: number) {
    super('balance-too-low', `The balance is ${balance}, and ${amount} is too much.`, { balance, amount })
  }
}

@Aggregate({ category: 'account', identity: 'account' })
export class Account {
  balance = 0
  status: 'absent' | 'open' = 'absent'

  @Handle(OpenAccount)
  open({ account, owner }: OpenAccount) {
    return decided(this.status === 'open' ? [] : new AccountOpened({ account, owner }), { account })
  }

  @Handle(DepositMoney)
  deposit({ account, amount }: DepositMoney) {
    if (this.status !== 'open') throw new AccountNotOpen(account)
    return new MoneyDeposited({ account, amount })
  }

  @Handle(WithdrawMoney)
  withdraw({ account, amount }: WithdrawMoney) {
    if (this.status !== 'open') throw new AccountNotOpen(account)
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

export interface AccountState {
  readonly balance: number
  readonly status: 'absent' | 'open'
}

const initialState: AccountState = { balance: 0, status: 'absent' }

/** The same aggregate as a value. */
export const accountValue = aggregate({
  category: 'account',
  identity: 'account',
  commands: [OpenAccount, DepositMoney, WithdrawMoney],
  events: [AccountOpened, MoneyDeposited, MoneyWithdrawn],
  initialState,
  decide: {
    'open-account': ({ status }, { account, owner }) =>
      decided(status === 'open' ? [] : new AccountOpened({ account, owner }), { account }),
    'deposit-money': ({ status }, { account, amount }) => {
      if (status !== 'open') throw new AccountNotOpen(account)
      return new MoneyDeposited({ account, amount })
    },
    'withdraw-money': ({ balance, status }, { account, amount }) => {
      if (status !== 'open') throw new AccountNotOpen(account)
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

/** Both spellings; one runtime serves both, and one test runs over both. */
export const spellings: readonly { readonly spelling: string; readonly account: AggregateDefinition<AccountState> }[] = [
  { spelling: 'a decorated class', account: aggregateOf(Account) },
  { spelling: 'a value', account: accountValue },
]

export const accountEvents = [AccountOpened, MoneyDeposited, MoneyWithdrawn, MoneyLost]
