import { End, ProcessManager, Rejected, Start } from '@writ/process-manager'
import { MoneyReceived, MoneyReturned, MoneySent, ReceiveMoney, ReturnMoney } from './wallet.js'

/** Takes what one wallet has sent to the other, and back when the other can't receive it. */
@ProcessManager({ name: 'transfer', correlate: 'transfer' })
export class Transfer {
  private from = ''

  @Start(MoneySent)
  sent({ wallet, to, transfer, amount }: MoneySent) {
    this.from = wallet
    return new ReceiveMoney({ wallet: to, transfer, amount })
  }

  @Rejected(ReceiveMoney)
  refused({ transfer, amount }: ReceiveMoney) {
    return new ReturnMoney({ wallet: this.from, transfer, amount })
  }

  @End(MoneyReceived)
  received(_event: MoneyReceived) {}

  @End(MoneyReturned)
  returned(_event: MoneyReturned) {}
}
