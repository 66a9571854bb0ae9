import { Command, DomainError, Event } from '@writ/event-store'
import { z } from 'zod'

const Movement = z.object({ account: z.string(), amount: z.int().positive() })

export class MoneyDeposited extends Event('money-deposited', Movement) {}
export class MoneyWithdrawn extends Event('money-withdrawn', Movement) {}
export class DepositMoney extends Command('deposit-money', Movement) {}
export class WithdrawMoney extends Command('withdraw-money', Movement) {}

export class BalanceTooLow extends DomainError<'balance-too-low'> {
  constructor(balance: number, amount: number) {
    super('balance-too-low', `The balance is ${balance}, and ${amount} is too much.`, { balance, amount })
  }
}
