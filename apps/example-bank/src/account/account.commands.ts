import { Command } from '@writ/event-store'
import { z } from 'zod'
import { Password } from '../credentials/password.js'
import { TransferId } from '../transfer/transfer-id.js'
import { AccountNumber } from './account-number.js'
import { EmailAddress } from './email-address.js'
import { Amount, Balance } from './money.js'
import { Owner } from './owner.js'

export class OpenAccount extends Command(
  'open-account',
  z.object({ account: AccountNumber, email: EmailAddress, owner: Owner, password: Password }),
  { result: z.object({ account: AccountNumber, status: z.literal('unverified'), balance: Balance }) },
) {}

/** The code is any text: a wrong one is refused by the account, not by its shape. */
export class VerifyAccount extends Command('verify-account', z.object({ account: AccountNumber, code: z.string().max(200) })) {}

const movement = z.object({ account: AccountNumber, amount: Amount, transfer: TransferId.optional() })

export class DepositMoney extends Command('deposit-money', movement, { result: z.object({ balance: Balance }) }) {}

export class WithdrawMoney extends Command('withdraw-money', movement, { result: z.object({ balance: Balance }) }) {}

/** What a transfer took out comes back. */
export class RefundMoney extends Command(
  'refund-money',
  z.object({ account: AccountNumber, amount: Amount, transfer: TransferId }),
) {}
