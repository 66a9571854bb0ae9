import { Aggregate, Apply, Handle } from '@writ/aggregate'
import { Command, DomainError, Event } from '@writ/event-store'
import { End, On, ProcessManager, Start } from '@writ/process-manager'
import { z } from 'zod'
import { DepositMoney, MoneyDeposited, MoneyWithdrawn, WithdrawMoney } from './account.js'

const terms = z.object({
  transfer: z.string(),
  from: z.string(),
  to: z.string(),
  amount: z.int().positive(),
  currency: z.string(),
})
const itself = z.object({ transfer: z.string() })

export class TransferRequested extends Event('transfer-requested', terms) {}
export class TransferCompleted extends Event('transfer-completed', itself) {}

export class RequestTransfer extends Command('request-transfer', terms) {}
export class CompleteTransfer extends Command('complete-transfer', itself) {}

@Aggregate({ category: 'transfer', identity: 'transfer' })
export class Transfer {
  status: 'absent' | 'requested' | 'completed' = 'absent'

  @Handle(RequestTransfer)
  request(command: RequestTransfer) {
    this.mustBe('absent')
    return new TransferRequested(command)
  }

  @Handle(CompleteTransfer)
  complete(command: CompleteTransfer) {
    this.mustBe('requested')
    return new TransferCompleted(command)
  }

  @Apply(TransferRequested)
  requested(_event: TransferRequested) {
    this.status = 'requested'
  }

  @Apply(TransferCompleted)
  completed(_event: TransferCompleted) {
    this.status = 'completed'
  }

  private mustBe(status: Transfer['status']) {
    if (this.status !== status) throw new DomainError(`transfer-not-${status}`, `The transfer is ${this.status}, not ${status}.`)
  }
}

/** requested → withdraw → deposit → complete. */
@ProcessManager({ name: 'transfer', correlate: 'transfer' })
export class TransferProcess {
  private to = ''

  @Start(TransferRequested)
  requested({ transfer, from, to, amount, currency }: TransferRequested) {
    this.to = to
    return new WithdrawMoney({ account: from, amount, currency, transfer })
  }

  @On(MoneyWithdrawn)
  withdrawn({ amount, currency, transfer }: MoneyWithdrawn) {
    return new DepositMoney({ account: this.to, amount, currency, transfer })
  }

  @End(MoneyDeposited)
  deposited({ transfer }: MoneyDeposited) {
    return new CompleteTransfer({ transfer })
  }
}
