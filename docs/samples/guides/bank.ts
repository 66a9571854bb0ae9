// #region messages
import { Aggregate, Apply, aggregate, decided, Handle, inSteps } from '@writ/aggregate'
import { CommandHandler } from '@writ/command-router'
import { Command, DomainError, Event } from '@writ/event-store'
import { inject } from 'inversify'
import { z } from 'zod'

const account = z.string()
const cents = z.int().positive()

export class AccountOpened extends Event('account-opened', z.object({ account, owner: z.string(), pin: z.string() })) {}
export class MoneyDeposited extends Event('money-deposited', z.object({ account, amount: cents })) {}
export class MoneyWithdrawn extends Event('money-withdrawn', z.object({ account, amount: cents })) {}
export class FeeCharged extends Event('fee-charged', z.object({ account, amount: cents })) {}

export class OpenAccount extends Command('open-account', z.object({ account, owner: z.string(), pin: z.string() })) {}
export class DepositMoney extends Command('deposit-money', z.object({ account, amount: cents })) {}
export class WithdrawMoney extends Command('withdraw-money', z.object({ account, amount: cents }), {
  result: z.object({ left: z.int() }),
}) {}
// #endregion messages

// #region refusal
export class BalanceTooLow extends DomainError<'balance-too-low'> {
  constructor(balance: number, amount: number) {
    super('balance-too-low', `The balance is ${balance}, and ${amount} is too much.`, { balance, amount })
  }
}
// #endregion refusal

// #region class
@Aggregate({ category: 'account', identity: 'account', snapshotEvery: 500, lifespan: 60_000 })
export class Account {
  balance = 0
  owner: string | undefined = undefined

  @Handle(DepositMoney)
  deposit({ account, amount }: DepositMoney) {
    return new MoneyDeposited({ account, amount })
  }

  @Handle(WithdrawMoney)
  withdraw({ account, amount }: WithdrawMoney) {
    return inSteps<Account>(this)
      .step('withdrawal', ({ balance }) => {
        if (balance < amount) throw new BalanceTooLow(balance, amount)
        return new MoneyWithdrawn({ account, amount })
      })
      .step('fee', ({ balance }) => (balance < 100 ? undefined : new FeeCharged({ account, amount: 1 })))
      .result(({ balance }) => ({ left: balance }))
  }

  @Apply(AccountOpened)
  opened({ owner }: AccountOpened) {
    this.owner = owner
  }

  @Apply(MoneyDeposited)
  deposited({ amount }: MoneyDeposited) {
    this.balance += amount
  }

  @Apply(MoneyWithdrawn)
  withdrawn({ amount }: MoneyWithdrawn) {
    this.balance -= amount
  }

  @Apply(FeeCharged)
  charged({ amount }: FeeCharged) {
    this.balance -= amount
  }
}
// #endregion class

// #region value
export const purse = aggregate({
  category: 'purse',
  identity: 'account',
  commands: [DepositMoney, WithdrawMoney],
  events: [MoneyDeposited, MoneyWithdrawn],
  initialState: { balance: 0 },
  decide: {
    'deposit-money': (_state, { account, amount }) => new MoneyDeposited({ account, amount }),
    'withdraw-money': ({ balance }, { account, amount }) => {
      if (balance < amount) throw new BalanceTooLow(balance, amount)
      return decided(new MoneyWithdrawn({ account, amount }), { left: balance - amount })
    },
  },
  evolve: {
    'money-deposited': ({ balance }, { amount }) => ({ balance: balance + amount }),
    'money-withdrawn': ({ balance }, { amount }) => ({ balance: balance - amount }),
  },
})
// #endregion value

// #region handler
export class PinHasher {
  async hash(pin: string): Promise<string> {
    return [...pin].reverse().join('')
  }
}

@CommandHandler(OpenAccount, { aggregate: Account })
export class OpenAccountHandler {
  constructor(@inject(PinHasher) private readonly pins: PinHasher) {}

  async handle(state: Account, { account, owner, pin }: OpenAccount) {
    if (state.owner !== undefined) return undefined // it is open already
    return new AccountOpened({ account, owner, pin: await this.pins.hash(pin) })
  }
}
// #endregion handler
