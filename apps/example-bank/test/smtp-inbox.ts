import { type AddressObject, simpleParser } from 'mailparser'
import { SMTPServer } from 'smtp-server'
import { eventually, type Inbox } from './bank-client.js'

export interface ReceivedMail {
  readonly to: string
  readonly from: string
  readonly subject: string
  readonly text: string
  readonly messageId: string
}

/** A real SMTP server that keeps what it gets. */
export class SmtpInbox implements Inbox {
  readonly mails: ReceivedMail[] = []
  /** Recipients that it refuses for good. */
  readonly refused = new Set<string>()
  /** Recipients that it does not take now. */
  readonly deferred = new Set<string>()
  private server: SMTPServer | undefined
  port = 0

  get url(): string {
    return `smtp://127.0.0.1:${this.port}`
  }

  /** The second time at the same port, as a mail server that was away. */
  async start(): Promise<this> {
    const server = new SMTPServer({
      authOptional: true,
      disableReverseLookup: true,
      closeTimeout: 100,
      disabledCommands: ['STARTTLS'],
      onRcptTo: ({ address }, _, done) => {
        if (this.refused.has(address)) return done(Object.assign(new Error('no such mailbox'), { responseCode: 550 }))
        if (this.deferred.has(address)) return done(Object.assign(new Error('mailbox full'), { responseCode: 452 }))
        done()
      },
      onData: (stream, _, done) => {
        simpleParser(stream).then((mail) => {
          this.mails.push({
            to: (mail.to as AddressObject).text,
            from: mail.from?.text ?? '',
            subject: mail.subject ?? '',
            text: mail.text ?? '',
            messageId: mail.messageId ?? '',
          })
          done()
        }, done)
      },
    })
    server.on('error', () => 'a client that was killed leaves its connection broken')
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve))
    const address = server.server.address()
    if (address === null || typeof address === 'string') throw new Error('The SMTP server has no port.')
    this.port = address.port
    this.server = server
    return this
  }

  stop(): Promise<void> {
    return new Promise((resolve) => (this.server ? this.server.close(resolve) : resolve()))
  }

  to(address: string): ReceivedMail[] {
    return this.mails.filter(({ to }) => to === address)
  }

  mailTo(address: string, subject: string): Promise<ReceivedMail> {
    return eventually(
      () => this.to(address).find((mail) => mail.subject.includes(subject)),
      `a mail to ${address} about ${subject}`,
    )
  }
}
