import { byError, EventHandler, type HandlerContext, On, retryThenPark, skipAtOnce } from '@writ/event-handler'
import { inject } from 'inversify'
import { AccountOpened, MoneyRefunded, MoneyWithdrawn } from '../account/account.events.js'
import { dollars } from '../account/money.js'
import { MailAddresses } from './mail-addresses.js'
import { MailDeferred, Mailer, MailRefused, MailServerAway } from './mailer.js'
import { PublicAddress } from './public-address.js'

export const ACCOUNT_MAILS = 'account-mails'

const HOUR = 60 * 60 * 1_000

/** What follows when a mail does not go out. The accounts' mails have nothing to do with each other. */
// #region policy
const whatFollows = byError(
  [
    // All mails wait, however long it takes: none is put aside for that.
    [MailServerAway, retryThenPark({ attempts: Number.POSITIVE_INFINITY, longestDelay: 30_000 })],
    // Only this account's mails wait. After four days somebody decides.
    [MailDeferred, ({ attempt }) => (attempt < 100 ? { retryLater: HOUR } : 'park')],
    // A mistyped address: nobody in the bank can do anything about it.
    [MailRefused, skipAtOnce],
  ],
  // The bank's own mistake: this account's mails are parked until it is mended, and everybody else's go out.
  retryThenPark({ attempts: 5 }),
)
// #endregion policy

/**
 * The mails that an account's owner gets. The checkpoint follows the mail server's answer, so none is lost; a kill between the two may
 * repeat one, with the same Message-ID.
 */
@EventHandler({ name: ACCOUNT_MAILS, startFrom: 'origin', onError: whatFollows })
export class AccountMails {
  constructor(
    @inject(Mailer) private readonly mailer: Mailer,
    @inject(MailAddresses) private readonly addresses: MailAddresses,
    @inject(PublicAddress) private readonly bank: PublicAddress,
  ) {}

  @On(AccountOpened)
  async opened({ account, email, owner, balance, verificationCode }: AccountOpened, { event }: HandlerContext) {
    await this.addresses.remember(account, email)
    await this.mailer.send({
      event: event.id,
      to: email,
      subject: 'Verify your account',
      text:
        `Welcome, ${owner}.\n\n` +
        `Your account ${account} is open, and the bank's gift of ${dollars(balance)} lies in it. Open this link to verify it:\n\n` +
        `${this.bank.link('/api/accounts/verify', { account, code: verificationCode })}\n`,
    })
  }

  /** A transfer's withdrawal is mailed as well, and names it: what leaves an account is never silent. */
  @On(MoneyWithdrawn)
  async withdrawn({ account, amount, transfer }: MoneyWithdrawn, { event }: HandlerContext) {
    const purpose = transfer ? `, for the transfer ${transfer}` : ''
    await this.mailer.send({
      event: event.id,
      to: await this.addressOf(account),
      subject: `${dollars(amount)} withdrawn`,
      text: `${dollars(amount)} were withdrawn from your account ${account} on ${event.createdAt.toUTCString()}${purpose}.\n`,
    })
  }

  @On(MoneyRefunded)
  async refunded({ account, amount, transfer }: MoneyRefunded, { event }: HandlerContext) {
    await this.mailer.send({
      event: event.id,
      to: await this.addressOf(account),
      subject: `${dollars(amount)} refunded`,
      text:
        `${dollars(amount)} are back in your account ${account} since ${event.createdAt.toUTCString()}: ` +
        `the account that the transfer ${transfer} was meant for could not take them.\n`,
    })
  }

  private async addressOf(account: string): Promise<string> {
    const address = await this.addresses.find(account)
    if (address !== undefined) return address
    throw new Error(`No address is known for the account ${account}, although its opening comes before everything else.`)
  }
}
