import 'reflect-metadata'
import type { AnyCommand, AnyEvent } from '@writ/event-store'
import { given, givenProcess } from '@writ/testing'
import { DepositMoney, RefundMoney, WithdrawMoney } from '../account/account.commands.js'
import { AccountNotVerified, InsufficientFunds } from '../account/account.errors.js'
import { MoneyDeposited, MoneyRefunded, MoneyWithdrawn } from '../account/account.events.js'
import { CompleteTransfer, RefundTransfer, RefuseTransfer, RequestTransfer } from './transfer.commands.js'
import { TransferCompleted, TransferRefunded, TransferRefused, TransferRequested } from './transfer.events.js'
import { Transfer } from './transfer.js'
import { TransferProcess } from './transfer.process.js'

const transfer = '01890000-0000-4000-8000-000000000001'
const [from, to] = ['1111111111', '2222222222']
const amount = 500
const requested = new TransferRequested({ transfer, from, to, amount })
const completed = new TransferCompleted({ transfer })

describe('a transfer', () => {
  const request = new RequestTransfer({ transfer, from, to, amount })
  const complete = new CompleteTransfer({ transfer })
  const refuse = new RefuseTransfer({ transfer, reason: 'insufficient-funds' })
  const refund = new RefundTransfer({ transfer, reason: 'account-not-verified' })

  it.each<[string, readonly AnyEvent[], AnyCommand, readonly AnyEvent[] | string]>([
    ['is requested', [], request, [requested]],
    ['is requested once', [requested], request, 'transfer-already'],
    ['goes to another account', [], new RequestTransfer({ ...request, to: from }), 'transfer-to-itself'],
    ['is completed', [requested], complete, [completed]],
    ['is refused', [requested], refuse, [new TransferRefused({ transfer, reason: 'insufficient-funds' })]],
    ['is refunded', [requested], refund, [new TransferRefunded({ transfer, reason: 'account-not-verified' })]],
    ['ends once', [requested, completed], refund, 'transfer-already'],
    ['that nobody requested does not end', [], complete, 'transfer-already'],
  ])('%s', async (_, history, command, expected) => {
    const then = given(Transfer, history).when(command)
    await (typeof expected === 'string' ? then.thenRefused(expected) : then.thenEvents(expected))
  })
})

describe("a transfer's process", () => {
  const withdraw = new WithdrawMoney({ account: from, amount, transfer })
  const withdrawn = new MoneyWithdrawn({ account: from, amount, transfer })
  const deposit = new DepositMoney({ account: to, amount, transfer })
  const deposited = new MoneyDeposited({ account: to, amount, transfer })
  const refund = new RefundMoney({ account: from, amount, transfer })
  const refunded = new MoneyRefunded({ account: from, amount, transfer })

  it('withdraws, deposits, and is completed', async () => {
    await givenProcess(TransferProcess).when(requested).thenCommands([withdraw])
    await givenProcess(TransferProcess, [requested]).when(withdrawn).thenCommands([deposit])
    await givenProcess(TransferProcess, [requested, withdrawn])
      .when(deposited)
      .thenCommands([new CompleteTransfer({ transfer })])
      .thenEnded()
  })

  it('is refused where there is too little money', async () => {
    const reason = 'insufficient-funds'
    await givenProcess(TransferProcess, [requested])
      .whenRejected(withdraw, new InsufficientFunds(499, 500))
      .thenCommands([new RefuseTransfer({ transfer, reason })])
    await givenProcess(TransferProcess, [requested]).when(new TransferRefused({ transfer, reason })).thenNothing().thenEnded()
  })

  // #region given
  it('gives the money back where the other account can not take it, and says why', async () => {
    const reason = 'account-not-verified'
    await givenProcess(TransferProcess, [requested, withdrawn])
      .whenRejected(deposit, new AccountNotVerified(to))
      .thenCommands([refund])
    await givenProcess(TransferProcess, [requested, withdrawn])
      .andRejected(deposit, new AccountNotVerified(to))
      .when(refunded)
      .thenCommands([new RefundTransfer({ transfer, reason })])
      .thenEnded()
  })
  // #endregion given

  it('leaves alone what moves at the counter', async () => {
    await givenProcess(TransferProcess, [requested])
      .when(new MoneyWithdrawn({ account: from, amount }))
      .thenNothing()
  })
})
