import { type ErrorPolicy, EventHandler, type HandlerContext, On } from '@writ/event-handler'
import { inject } from 'inversify'
import { AccountOpened, MoneyRefunded, MoneyWithdrawn } from '../account/account.events.js'
import { dollars } from '../account/money.js'
import { MailAddresses } from './mail-addresses.js'
import { Mailer, MailRefused } from './mailer.js'
import { PublicAddress } from './public-address.js'

export const ACCOUNT_MAILS = 'account-mails'

/**
 * A mail waits as long as the mail server is away, and the others behind it. One that is refused for good is left out: a mistyped address
 * must not hold up everybody else's mail.
 */
// #region policy
const untilDelivered: ErrorPolicy = ({ error, attempt }) =>
  error instanceof MailRefused ? 'skip' : { retryIn: Math.min(100 * 2 ** attempt, 30_000) }
// #endregion policy

/**
 * The mails that an account's owner gets. The checkpoint follows the mail server's answer, so none is lost; a kill between the two may
 * repeat one, with the same Message-ID.
 */
@EventHandler({ name: ACCOUNT_MAILS, startFrom: 'origin', onError: untilDelivered })
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
