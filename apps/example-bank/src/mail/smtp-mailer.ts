import { createTransport, type Transporter } from 'nodemailer'
import { type Mail, MailDeferred, Mailer, MailRefused, MailServerAway } from './mailer.js'

export interface SmtpOptions {
  /** `smtp://user:password@host:port`, or `smtps://…`. */
  readonly url: string
  /** The address that mails come from; its domain is the Message-ID's. */
  readonly from: string
}

/** Sends through an SMTP server; returns when that has taken the mail over. */
export class SmtpMailer extends Mailer {
  private readonly transport: Transporter
  private readonly from: string
  private readonly domain: string

  constructor({ url, from }: SmtpOptions) {
    super()
    this.from = from
    this.domain = from.slice(from.lastIndexOf('@') + 1)
    this.transport = createTransport({
      url,
      // One connection for mail after mail: many servers make each new one wait.
      pool: true,
      maxConnections: 1,
      maxMessages: Number.POSITIVE_INFINITY,
      // A server that is silent must not hold up a stop.
      connectionTimeout: 5_000,
      greetingTimeout: 5_000,
      socketTimeout: 10_000,
    })
  }

  close(): void {
    this.transport.close()
  }

  async send({ event, to, subject, text }: Mail): Promise<void> {
    const messageId = `<${event}@${this.domain}>`
    try {
      // The address as an object: from a string, commas and brackets in it would make other addresses.
      await this.transport.sendMail({ messageId, from: this.from, to: { name: '', address: to }, subject, text })
    } catch (error) {
      throw whatFailed(error, messageId)
    }
  }
}

// An answer to the recipient or to the text is about this mail; one to the login or to the sender is about all, and somebody has to mend it.
function whatFailed(cause: unknown, messageId: string): Error {
  const { responseCode = 0, command = '' } = cause as { responseCode?: number; command?: string }
  // 421: it is about to end.
  const isAboutThisMail = ['RCPT TO', 'DATA'].includes(command) && responseCode >= 400 && responseCode !== 421
  if (!isAboutThisMail) return new MailServerAway('The mail server takes no mails.', { cause })
  return responseCode < 500
    ? new MailDeferred(`The mail server does not take the mail ${messageId} now.`, { cause })
    : new MailRefused(`The mail server refuses the mail ${messageId} for good.`, { cause })
}
