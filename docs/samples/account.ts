// #region account
import { Aggregate, Apply, decided, Handle } from '@writ/aggregate'
import { Command, DomainError, Event } from '@writ/event-store'
import { z } from 'zod'

const Cents = z.int().positive()

class AccountOpened extends Event('account-opened', z.object({ account: z.string(), owner: z.string() })) {}
class MoneyDeposited extends Event('money-deposited', z.object({ account: z.string(), amount: Cents })) {}

export class OpenAccount extends Command('open-account', z.object({ account: z.string(), owner: z.string() })) {}
export class DepositMoney extends Command('deposit-money', z.object({ account: z.string(), amount: Cents }), {
  result: z.object({ balance: z.int() }),
}) {}

class AccountNotOpen extends DomainError<'account-not-open'> {
  constructor(account: string) {
    super('account-not-open', `The account ${account} is not open.`, { account })
  }
}

@Aggregate({ category: 'account', identity: 'account' })
export class Account {
  balance = 0
  status: 'absent' | 'open' = 'absent'

  @Handle(OpenAccount)
  open({ account, owner }: OpenAccount) {
    if (this.status === 'absent') return new AccountOpened({ account, owner })
    return undefined // it is open already: nothing to store, and no harm done
  }

  @Handle(DepositMoney)
  deposit({ account, amount }: DepositMoney) {
    if (this.status !== 'open') throw new AccountNotOpen(account) // the command is refused, nothing is stored
    return decided(new MoneyDeposited({ account, amount }), { balance: this.balance + amount })
  }

  @Apply(AccountOpened)
  opened(_event: AccountOpened) {
    this.status = 'open'
  }

  @Apply(MoneyDeposited)
  deposited({ amount }: MoneyDeposited) {
    this.balance += amount
  }
}
// #endregion account
