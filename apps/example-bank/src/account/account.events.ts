import { Event } from '@writ/event-store'
import { z } from 'zod'
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

export class MoneyDeposited extends Event('money-deposited', z.object({ account: AccountNumber, amount: Amount })) {}

export class MoneyWithdrawn extends Event('money-withdrawn', z.object({ account: AccountNumber, amount: Amount })) {}
