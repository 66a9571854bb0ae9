// #region class
import { Aggregate, Handle, rowsOf } from '@writ/aggregate'
import { BalanceTooLow, DepositMoney, MoneyDeposited, MoneyWithdrawn, WithdrawMoney } from './messages.js'

@Aggregate({
  category: 'account',
  identity: 'account',
  storedIn: rowsOf({ table: 'accounts', key: 'account' }),
  events: [MoneyDeposited, MoneyWithdrawn],
})
export class Account {
  balance = 0

  @Handle(DepositMoney)
  deposit(command: DepositMoney) {
    this.balance += command.amount // no @Apply: the method changes the row itself
    return new MoneyDeposited(command)
  }

  @Handle(WithdrawMoney)
  withdraw(command: WithdrawMoney) {
    if (this.balance < command.amount) throw new BalanceTooLow(this.balance, command.amount)
    this.balance -= command.amount
    return new MoneyWithdrawn(command)
  }
}
// #endregion class
