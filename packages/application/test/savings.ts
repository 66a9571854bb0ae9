import { Aggregate, Apply, decided, Handle, inSteps } from '@writ/aggregate'
import { Command, DomainError, Event } from '@writ/event-store'
import { z } from 'zod'
import { module } from '../src/module.js'

const account = z.string()
const amount = z.int().positive()

export class Deposited extends Event('savings-deposited', z.object({ account, amount }), {
  tags: ({ account }) => [`account:${account}`],
}) {}
export class Withdrawn extends Event('savings-withdrawn', z.object({ account, amount })) {}
export class FeeCharged extends Event('savings-fee-charged', z.object({ account, amount })) {}

export class Deposit extends Command('savings-deposit', z.object({ account, amount }), {
  result: z.object({ balance: z.int() }),
}) {}
export class DepositTwice extends Command('savings-deposit-twice', z.object({ account, amount })) {}
export class Withdraw extends Command('savings-withdraw', z.object({ account, amount })) {}
export class Look extends Command('savings-look', z.object({ account })) {}
export class Break extends Command('savings-break', z.object({ account })) {}

class TooMuch extends DomainError<'too-much'> {
  constructor(balance: number, amount: number) {
    super('too-much', `The balance is ${balance}, and ${amount} is too much.`, { balance, amount })
  }
}

/** An account that shows each way in which a handler may answer. */
@Aggregate({ category: 'savings', identity: 'account' })
export class Savings {
  balance = 0

  @Handle(Deposit)
  deposit({ account, amount }: Deposit) {
    return decided(new Deposited({ account, amount }), { balance: this.balance + amount })
  }

  @Handle(DepositTwice)
  async depositTwice({ account, amount }: DepositTwice) {
    await undefined
    return [new Deposited({ account, amount }), new Deposited({ account, amount })]
  }

  @Handle(Withdraw)
  withdraw({ account, amount }: Withdraw) {
    return inSteps<Savings>(this)
      .step('withdrawal', ({ balance }) => {
        if (balance < amount) throw new TooMuch(balance, amount)
        return new Withdrawn({ account, amount })
      })
      .step('fee', ({ balance }, { withdrawal }) =>
        balance >= withdrawal.length ? new FeeCharged({ account, amount: 1 }) : undefined,
      )
  }

  @Handle(Look)
  look(_command: Look) {}

  @Handle(Break)
  break(_command: Break): Deposited {
    throw new TypeError('broken')
  }

  @Apply(Deposited)
  deposited({ amount }: Deposited) {
    this.balance += amount
  }

  @Apply(Withdrawn)
  withdrawn({ amount }: Withdrawn) {
    this.balance -= amount
  }

  @Apply(FeeCharged)
  charged({ amount }: FeeCharged) {
    this.balance -= amount
  }
}

export const savings = module({ name: 'savings', aggregates: [Savings] })
