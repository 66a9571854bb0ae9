import { Aggregate, Apply, Handle } from '@writ/aggregate'
import { Command, DomainError, Event } from '@writ/event-store'
import { z } from 'zod'

const cents = z.int().positive()
const money = z.object({ account: z.string(), amount: cents, currency: z.string(), transfer: z.string() })
const opening = z.object({ account: z.string(), owner: z.string(), balance: cents })

export class AccountOpened extends Event('account-opened', opening) {}
export class MoneyDeposited extends Event('money-deposited', money) {}
export class MoneyWithdrawn extends Event('money-withdrawn', money) {}

export class OpenAccount extends Command('open-account', opening) {}
export class DepositMoney extends Command('deposit-money', money) {}
export class WithdrawMoney extends Command('withdraw-money', money) {}

/** The account that commands are dispatched to; `emmett-account.ts` is the same for Emmett. */
@Aggregate({ category: 'account', identity: 'account' })
export class Account {
  status: 'absent' | 'open' = 'absent'
  balance = 0

  @Handle(OpenAccount)
  open(command: OpenAccount) {
    if (this.status === 'open') throw new DomainError('account-already-open', 'The account is open already.')
    return new AccountOpened(command)
  }

  @Handle(DepositMoney)
  deposit(command: DepositMoney) {
    this.mustBeOpen()
    return new MoneyDeposited(command)
  }

  @Handle(WithdrawMoney)
  withdraw(command: WithdrawMoney) {
    this.mustBeOpen()
    if (this.balance < command.amount) throw new DomainError('insufficient-funds', 'There is not enough on the account.')
    return new MoneyWithdrawn(command)
  }

  @Apply(AccountOpened)
  opened({ balance }: AccountOpened) {
    this.status = 'open'
    this.balance = balance
  }

  @Apply(MoneyDeposited)
  deposited({ amount }: MoneyDeposited) {
    this.balance += amount
  }

  @Apply(MoneyWithdrawn)
  withdrawn({ amount }: MoneyWithdrawn) {
    this.balance -= amount
  }

  private mustBeOpen() {
    if (this.status !== 'open') throw new DomainError('account-not-open', 'The account is not open.')
  }
}
