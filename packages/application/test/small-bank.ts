import { Aggregate, Apply, Handle } from '@writ/aggregate'
import { EventHandler, On as OnEvent, Projection } from '@writ/event-handler'
import { Command, DomainError, Event } from '@writ/event-store'
import { End, ProcessManager, Start } from '@writ/process-manager'
import { inject } from 'inversify'
import { z } from 'zod'
import { module } from '../src/module.js'

const account = z.string()
const amount = z.int().positive()
const transfer = z.string()

export class MoneyDeposited extends Event('money-deposited', z.object({ account, amount, transfer: transfer.optional() })) {}
export class MoneyWithdrawn extends Event('money-withdrawn', z.object({ account, amount, transfer, to: account })) {}
export class DepositMoney extends Command('deposit-money', z.object({ account, amount, transfer: transfer.optional() })) {}
/** Takes money out of an account, for another one to get it. */
export class SendMoney extends Command('send-money', z.object({ account, amount, transfer, to: account })) {}

@Aggregate({ category: 'account', identity: 'account' })
export class Account {
  balance = 0

  @Handle(DepositMoney)
  deposit({ account, amount, transfer }: DepositMoney) {
    return new MoneyDeposited({ account, amount, transfer })
  }

  @Handle(SendMoney)
  send({ account, amount, transfer, to }: SendMoney) {
    if (this.balance < amount) throw new DomainError('balance-too-low', 'There is not enough.', { balance: this.balance })
    return new MoneyWithdrawn({ account, amount, transfer, to })
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

@ProcessManager({ name: 'transfer', correlate: 'transfer' })
class TransferProcess {
  @Start(MoneyWithdrawn)
  withdrawn({ to, amount, transfer }: MoneyWithdrawn) {
    return new DepositMoney({ account: to, amount, transfer })
  }

  @End(MoneyDeposited)
  deposited(_event: MoneyDeposited) {}
}

/** What the whole bank holds, by account: a read model in memory. */
export class Balances {
  readonly byAccount = new Map<string, number>()
}

@Projection({ name: 'balances', version: 1 })
export class BalancesProjection {
  constructor(@inject(Balances) private readonly balances: Balances) {}

  @OnEvent(MoneyDeposited)
  deposited({ account, amount }: MoneyDeposited) {
    this.add(account, amount)
  }

  @OnEvent(MoneyWithdrawn)
  withdrawn({ account, amount }: MoneyWithdrawn) {
    this.add(account, -amount)
  }

  private add(account: string, amount: number) {
    this.balances.byAccount.set(account, (this.balances.byAccount.get(account) ?? 0) + amount)
  }
}

/** The letters that were sent: what reaches outside. */
export class Letters {
  readonly sent: string[] = []
}

@EventHandler({ name: 'letters' })
class LetterWriter {
  constructor(@inject(Letters) private readonly letters: Letters) {}

  @OnEvent(MoneyWithdrawn)
  withdrawn({ account, amount }: MoneyWithdrawn) {
    this.letters.sent.push(`${account} ${amount}`)
  }
}

/** @param letters those that are outside, the same for whatever is made of this module */
export const smallBank = (letters = new Letters()) =>
  module({
    name: 'bank',
    aggregates: [Account],
    processManagers: [TransferProcess],
    projections: [BalancesProjection],
    eventHandlers: [LetterWriter],
    bindings: (container) => {
      container.bind(Balances).toSelf()
      container.bind(Letters).toConstantValue(letters)
    },
  })
