// #region table
import { Aggregate, Apply, Handle, rowsOf } from '@writ/aggregate'
import { BalanceTooLow, DepositMoney, MoneyDeposited, MoneyWithdrawn, WithdrawMoney } from './messages.js'

// create table accounts (account text primary key, version bigint not null, balance bigint not null)
const accountRows = rowsOf({ table: 'accounts', key: 'account' })
// #endregion table

// #region aggregate
@Aggregate({ category: 'account', identity: 'account', storedIn: accountRows })
export class Account {
  balance = 0

  @Handle(DepositMoney)
  deposit(command: DepositMoney) {
    return new MoneyDeposited(command)
  }

  @Handle(WithdrawMoney)
  withdraw(command: WithdrawMoney) {
    if (this.balance < command.amount) throw new BalanceTooLow(this.balance, command.amount)
    return new MoneyWithdrawn(command)
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
// #endregion aggregate
