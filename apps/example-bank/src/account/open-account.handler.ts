import { decided, type Handling } from '@writ/aggregate'
import { CommandHandler } from '@writ/command-router'
import { inject } from 'inversify'
import { Credentials } from '../credentials/credentials.js'
import { PasswordHasher } from '../credentials/password-hasher.js'
import { OpenAccount } from './account.commands.js'
import { AccountNumberTaken, EmailTaken } from './account.errors.js'
import { AccountOpened } from './account.events.js'
import { Account } from './account.js'
import { emailTag } from './email-address.js'
import { OPENING_GIFT } from './money.js'
import { VerificationCodes } from './verification-code.js'

/**
 * One account per e-mail, also under a race: the boundary is every account that was opened with this address, and the store takes the
 * event only while nothing newer matches.
 */
@CommandHandler(OpenAccount, {
  aggregate: Account,
  boundary: ({ email }) => ({ items: [{ types: [AccountOpened.type], tags: [emailTag(email)] }] }),
})
export class OpenAccountHandler {
  constructor(
    @inject(PasswordHasher) private readonly passwords: PasswordHasher,
    @inject(Credentials) private readonly credentials: Credentials,
    @inject(VerificationCodes) private readonly codes: VerificationCodes,
  ) {}

  async handle({ status }: Account, { account, email, owner, password }: OpenAccount, { boundary }: Handling) {
    if (boundary.length > 0) throw new EmailTaken()
    if (status !== 'absent') throw new AccountNumberTaken(account)
    // Before the event, and never over another's: a crash in between leaves a hash under a number that nobody got.
    const isNew = await this.credentials.add(account, await this.passwords.hash(password))
    if (!isNew) throw new AccountNumberTaken(account)
    const opened = new AccountOpened({ account, email, owner, balance: OPENING_GIFT, verificationCode: this.codes.next() })
    return decided(opened, { account, status: 'unverified' as const, balance: OPENING_GIFT })
  }
}
