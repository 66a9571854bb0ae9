import { Aggregate, Apply, Handle } from '@writ/aggregate'
import { Command, DomainError, Event } from '@writ/event-store'
import { z } from 'zod'

const opened = z.object({ wallet: z.string(), balance: z.int().nonnegative() })
const moved = z.object({ wallet: z.string(), transfer: z.string(), amount: z.int().positive() })
const sent = moved.extend({ to: z.string() })

export class WalletOpened extends Event('wallet-opened', opened) {}
export class MoneySent extends Event('money-sent', sent) {}
export class MoneyReceived extends Event('money-received', moved) {}
export class MoneyReturned extends Event('money-returned', moved) {}

export class OpenWallet extends Command('open-wallet', opened) {}
export class SendMoney extends Command('send-money', sent) {}
export class ReceiveMoney extends Command('receive-money', moved) {}
export class ReturnMoney extends Command('return-money', moved) {}

@Aggregate({ category: 'wallet', identity: 'wallet' })
export class Wallet {
  balance: number | undefined // until it is opened

  @Handle(OpenWallet)
  open(command: OpenWallet) {
    if (this.balance !== undefined) throw new DomainError('wallet-already-open', `The wallet ${command.wallet} is open already.`)
    return new WalletOpened(command)
  }

  @Handle(SendMoney)
  send(command: SendMoney) {
    if ((this.balance ?? 0) < command.amount) throw new DomainError('too-little-money', 'There is less than that.')
    return new MoneySent(command)
  }

  @Handle(ReceiveMoney)
  receive(command: ReceiveMoney) {
    if (this.balance === undefined) throw new DomainError('no-such-wallet', `Nobody has opened the wallet ${command.wallet}.`)
    return new MoneyReceived(command)
  }

  @Handle(ReturnMoney)
  takeBack(command: ReturnMoney) {
    return new MoneyReturned(command)
  }

  @Apply(WalletOpened)
  opened({ balance }: WalletOpened) {
    this.balance = balance
  }

  @Apply(MoneySent)
  sent({ amount }: MoneySent) {
    this.add(-amount)
  }

  @Apply(MoneyReceived)
  received({ amount }: MoneyReceived) {
    this.add(amount)
  }

  @Apply(MoneyReturned)
  returned({ amount }: MoneyReturned) {
    this.add(amount)
  }

  private add(amount: number) {
    this.balance = (this.balance ?? 0) + amount
  }
}
