import type { DomainError } from '@writ/event-store'
import { End, On, type ProcessContext, ProcessManager, Rejected, Start } from '@writ/process-manager'
import { DepositMoney, RefundMoney, WithdrawMoney } from '../account/account.commands.js'
import { MoneyDeposited, MoneyRefunded, MoneyWithdrawn } from '../account/account.events.js'
import { CompleteTransfer, RefundTransfer, RefuseTransfer } from './transfer.commands.js'
import { TransferRefused, TransferRequested } from './transfer.events.js'

/**
 * Moves the money of a transfer: out of one account, into the other, and back where the other can't take it.
 *
 * Deposits and withdrawals that belong to no transfer have none to correlate by, and never come here.
 */
// #region process
@ProcessManager({ name: 'transfer', correlate: 'transfer' })
export class TransferProcess {
  private from = ''
  private to = ''
  private reason = ''

  @Start(TransferRequested)
  requested({ transfer, from, to, amount }: TransferRequested) {
    this.from = from
    this.to = to
    return new WithdrawMoney({ account: from, amount, transfer })
  }

  @Rejected(WithdrawMoney)
  refused(_command: WithdrawMoney, { code }: DomainError, { instance }: ProcessContext) {
    return new RefuseTransfer({ transfer: instance, reason: code })
  }

  @End(TransferRefused)
  over(_event: TransferRefused) {}

  @On(MoneyWithdrawn)
  withdrawn({ amount }: MoneyWithdrawn, { instance }: ProcessContext) {
    return new DepositMoney({ account: this.to, amount, transfer: instance })
  }

  @Rejected(DepositMoney)
  bounced({ amount }: DepositMoney, { code }: DomainError, { instance }: ProcessContext) {
    this.reason = code
    return new RefundMoney({ account: this.from, amount, transfer: instance })
  }

  @End(MoneyDeposited)
  deposited(_event: MoneyDeposited, { instance }: ProcessContext) {
    return new CompleteTransfer({ transfer: instance })
  }

  @End(MoneyRefunded)
  refunded(_event: MoneyRefunded, { instance }: ProcessContext) {
    return new RefundTransfer({ transfer: instance, reason: this.reason })
  }
}
// #endregion process
