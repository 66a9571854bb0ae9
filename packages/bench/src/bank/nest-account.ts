import { AggregateRoot, Command } from '@nestjs/cqrs'
import type { MoneyInOrOut } from './values.js'

export class DepositMoneyInNest extends Command<void> {
  constructor(readonly data: MoneyInOrOut) {
    super()
  }
}

export class MoneyDepositedInNest {
  constructor(readonly data: MoneyInOrOut) {}
}

/** The account as Nest has it: an object that is changed, and whose events are published, and kept by nobody. */
export class NestAccount extends AggregateRoot {
  private readonly status: 'absent' | 'open' = 'open'
  deposits = 0

  constructor(private balance: number) {
    super()
  }

  deposit(data: MoneyInOrOut): void {
    if (this.status !== 'open') throw new Error('The account is not open.')
    this.apply(new MoneyDepositedInNest(data))
  }

  onMoneyDepositedInNest({ data }: MoneyDepositedInNest): void {
    this.balance += data.amount
    this.deposits++
  }
}
