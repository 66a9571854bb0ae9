import { Aggregate, Apply, decided, Handle } from '@writ/aggregate'
import { DepositMoney, RefundMoney, VerifyAccount, WithdrawMoney } from './account.commands.js'
import {
  AccountAlreadyVerified,
  AccountNotVerified,
  BalanceTooGreat,
  InsufficientFunds,
  WrongVerificationCode,
} from './account.errors.js'
import { AccountOpened, AccountVerified, MoneyDeposited, MoneyRefunded, MoneyWithdrawn } from './account.events.js'
import { GREATEST_BALANCE } from './money.js'

@Aggregate({ category: 'account', identity: 'account', snapshotEvery: 500, snapshotVersion: 2 })
export class Account {
  status: 'absent' | 'unverified' | 'verified' = 'absent'
  owner = ''
  balance = 0
  verificationCode = ''

  @Handle(VerifyAccount)
  verify({ account, code }: VerifyAccount) {
    if (this.status === 'absent' || code !== this.verificationCode) throw new WrongVerificationCode()
    if (this.status === 'verified') throw new AccountAlreadyVerified(account)
    return new AccountVerified({ account })
  }

  // #region deposit
  @Handle(DepositMoney)
  deposit({ account, amount, transfer }: DepositMoney) {
    if (this.status !== 'verified') throw new AccountNotVerified(account)
    const balance = this.balance + amount
    if (balance > GREATEST_BALANCE) throw new BalanceTooGreat(this.balance, amount)
    return decided(new MoneyDeposited({ account, amount, transfer }), { balance })
  }
  // #endregion deposit

  @Handle(WithdrawMoney)
  withdraw({ account, amount, transfer }: WithdrawMoney) {
    if (this.status !== 'verified') throw new AccountNotVerified(account)
    const balance = this.balance - amount
    if (balance < 0) throw new InsufficientFunds(this.balance, amount)
    return decided(new MoneyWithdrawn({ account, amount, transfer }), { balance })
  }

  // Never refused, not even where the account is full by now: the money has nowhere else to go.
  @Handle(RefundMoney)
  refund({ account, amount, transfer }: RefundMoney) {
    return new MoneyRefunded({ account, amount, transfer })
  }

  @Apply(AccountOpened)
  opened({ owner, balance, verificationCode }: AccountOpened) {
    this.status = 'unverified'
    this.owner = owner
    this.balance = balance
    this.verificationCode = verificationCode
  }

  @Apply(AccountVerified)
  verified() {
    this.status = 'verified'
  }

  @Apply(MoneyDeposited)
  deposited({ amount }: MoneyDeposited) {
    this.balance += amount
  }

  @Apply(MoneyWithdrawn)
  withdrawn({ amount }: MoneyWithdrawn) {
    this.balance -= amount
  }

  @Apply(MoneyRefunded)
  refunded({ amount }: MoneyRefunded) {
    this.balance += amount
  }
}
