// #region aggregate
import { Aggregate, Apply, Handle } from '@writ/aggregate'
import { BalanceTooLow, DepositMoney, MoneyDeposited, MoneyWithdrawn, WithdrawMoney } from './messages.js'

@Aggregate({ category: 'account', identity: 'account' })
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
