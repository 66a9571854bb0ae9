import { Event } from '@writ/event-store'
import { z } from 'zod'
import { AccountNumber } from '../account/account-number.js'
import { Amount } from '../account/money.js'
import { TransferId } from './transfer-id.js'

/** The code of the refusal that it came to nothing by. */
const Reason = z.string()

export class TransferRequested extends Event(
  'transfer-requested',
  z.object({ transfer: TransferId, from: AccountNumber, to: AccountNumber, amount: Amount }),
) {}

export class TransferCompleted extends Event('transfer-completed', z.object({ transfer: TransferId })) {}

/** Nothing was withdrawn. */
export class TransferRefused extends Event('transfer-refused', z.object({ transfer: TransferId, reason: Reason })) {}

/** The target could not take the money, and it is back where it came from. */
export class TransferRefunded extends Event('transfer-refunded', z.object({ transfer: TransferId, reason: Reason })) {}
