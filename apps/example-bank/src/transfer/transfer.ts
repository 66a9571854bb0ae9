import { Aggregate, Apply, decided, Handle } from '@writ/aggregate'
import { CompleteTransfer, RefundTransfer, RefuseTransfer, RequestTransfer } from './transfer.commands.js'
import { TransferAlready, TransferToItself } from './transfer.errors.js'
import { TransferCompleted, TransferRefunded, TransferRefused, TransferRequested } from './transfer.events.js'

/** What a transfer has come to; the money is moved by its process. */
@Aggregate({ category: 'transfer', identity: 'transfer' })
export class Transfer {
  status: 'absent' | 'requested' | 'completed' | 'refused' | 'refunded' = 'absent'
  from = ''
  to = ''
  amount = 0
  reason: string | undefined = undefined

  @Handle(RequestTransfer)
  request({ transfer, from, to, amount }: RequestTransfer) {
    this.mustBe('absent', transfer)
    if (from === to) throw new TransferToItself(from)
    return decided(new TransferRequested({ transfer, from, to, amount }), { transfer })
  }

  @Handle(CompleteTransfer)
  complete({ transfer }: CompleteTransfer) {
    this.mustBe('requested', transfer)
    return new TransferCompleted({ transfer })
  }

  @Handle(RefuseTransfer)
  refuse({ transfer, reason }: RefuseTransfer) {
    this.mustBe('requested', transfer)
    return new TransferRefused({ transfer, reason })
  }

  @Handle(RefundTransfer)
  refund({ transfer, reason }: RefundTransfer) {
    this.mustBe('requested', transfer)
    return new TransferRefunded({ transfer, reason })
  }

  @Apply(TransferRequested)
  requested({ from, to, amount }: TransferRequested) {
    this.status = 'requested'
    this.from = from
    this.to = to
    this.amount = amount
  }

  @Apply(TransferCompleted)
  completed() {
    this.status = 'completed'
  }

  @Apply(TransferRefused)
  refused({ reason }: TransferRefused) {
    this.status = 'refused'
    this.reason = reason
  }

  @Apply(TransferRefunded)
  refunded({ reason }: TransferRefunded) {
    this.status = 'refunded'
    this.reason = reason
  }

  private mustBe(status: Transfer['status'], transfer: string): void {
    if (this.status !== status) throw new TransferAlready(transfer, this.status)
  }
}
