// #region model
import { model, rowsOf, updated } from '@writ/aggregate'
import { BalanceTooLow, DepositMoney, MoneyDeposited, MoneyWithdrawn, WithdrawMoney } from './messages.js'

export const account = model({
  category: 'account',
  identity: 'account',
  storedIn: rowsOf({ table: 'accounts', key: 'account' }),
  commands: [DepositMoney, WithdrawMoney],
  events: [MoneyDeposited, MoneyWithdrawn], // they tell of it; or none, and there is no log of it at all
  initialState: { balance: 0 },
  decide: {
    'deposit-money': ({ balance }, command) => updated({ balance: balance + command.amount }, new MoneyDeposited(command)),
    'withdraw-money': ({ balance }, command) => {
      if (balance < command.amount) throw new BalanceTooLow(balance, command.amount)
      return updated({ balance: balance - command.amount }, new MoneyWithdrawn(command))
    },
  },
})
// #endregion model
