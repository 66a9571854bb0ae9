import { Command } from '@writ/event-store'
import { z } from 'zod'
import { AccountNumber } from '../account/account-number.js'
import { Amount } from '../account/money.js'
import { TransferId } from './transfer-id.js'

/** Its result names the transfer, so that a repetition that drew another id learns the first one's. */
export class RequestTransfer extends Command(
  'request-transfer',
  z.object({ transfer: TransferId, from: AccountNumber, to: AccountNumber, amount: Amount }),
  { result: z.object({ transfer: TransferId }) },
) {}

export class CompleteTransfer extends Command('complete-transfer', z.object({ transfer: TransferId })) {}

export class RefuseTransfer extends Command('refuse-transfer', z.object({ transfer: TransferId, reason: z.string() })) {}

export class RefundTransfer extends Command('refund-transfer', z.object({ transfer: TransferId, reason: z.string() })) {}
