import { Command, DomainError, Event, EventTypes } from '@writ/event-store'
import { z } from 'zod'

const transfer = z.string()
const account = z.string()
const amount = z.int()

export class TransferRequested extends Event('transfer-requested', z.object({ transfer, from: account, to: account, amount })) {}
export class TransferCompleted extends Event('transfer-completed', z.object({ transfer })) {}
export class TransferRefused extends Event('transfer-refused', z.object({ transfer, reason: z.string() })) {}
export class MoneyDeposited extends Event('money-deposited', z.object({ account, amount, transfer: transfer.optional() })) {}
export class MoneyWithdrawn extends Event('money-withdrawn', z.object({ account, amount, transfer: transfer.optional() })) {}
export class MoneyRefunded extends Event('money-refunded', z.object({ account, amount, transfer })) {}
export class AccountClosed extends Event('account-closed', z.object({ account })) {}

export class WithdrawMoney extends Command('withdraw-money', z.object({ account, amount, transfer, to: account })) {}
export class DepositMoney extends Command('deposit-money', z.object({ account, amount, transfer })) {}
export class RefundMoney extends Command('refund-money', z.object({ account, amount, transfer })) {}
export class CompleteTransfer extends Command('complete-transfer', z.object({ transfer })) {}
export class RefuseTransfer extends Command('refuse-transfer', z.object({ transfer, reason: z.string() })) {}
/** One that no bank handles. */
export class PraiseCustomer extends Command('praise-customer', z.object({ transfer })) {}

export class Refused extends DomainError<'insufficient-funds' | 'account-closed'> {}

export const bankEventClasses = [
  TransferRequested,
  TransferCompleted,
  TransferRefused,
  MoneyDeposited,
  MoneyWithdrawn,
  MoneyRefunded,
  AccountClosed,
]

export const bankEvents = new EventTypes(bankEventClasses)

export const bankCommands = [WithdrawMoney, DepositMoney, RefundMoney, CompleteTransfer, RefuseTransfer]
