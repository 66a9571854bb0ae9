import { Event } from '@writ/event-store'
import { z } from 'zod'
import { TransferId } from '../transfer/transfer-id.js'
import { AccountNumber } from './account-number.js'
import { EmailAddress, emailTag } from './email-address.js'
import { Amount, Balance } from './money.js'
import { Owner } from './owner.js'
import { VerificationCode } from './verification-code.js'

/** Number and code were drawn at random, once: whoever reads the event again finds the same ones. */
export class AccountOpened extends Event(
  'account-opened',
  z.object({ account: AccountNumber, email: EmailAddress, owner: Owner, balance: Balance, verificationCode: VerificationCode }),
  { tags: ({ email }) => [emailTag(email)] },
) {}

export class AccountVerified extends Event('account-verified', z.object({ account: AccountNumber })) {}

/** Without a transfer, the owner has moved it at the counter. */
const movement = z.object({ account: AccountNumber, amount: Amount, transfer: TransferId.optional() })

export class MoneyDeposited extends Event('money-deposited', movement) {}

export class MoneyWithdrawn extends Event('money-withdrawn', movement) {}

/** A transfer's money is back, because the other account could not take it. */
export class MoneyRefunded extends Event(
  'money-refunded',
  z.object({ account: AccountNumber, amount: Amount, transfer: TransferId }),
) {}
