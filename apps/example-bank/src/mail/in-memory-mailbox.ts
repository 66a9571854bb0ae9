import { Mailbox, type MailInBox } from './mailbox.js'
import type { Mail } from './mailer.js'

export class InMemoryMailbox extends Mailbox {
  private readonly mails = new Map<string, MailInBox>()

  async send({ event, ...mail }: Mail): Promise<void> {
    if (!this.mails.has(event)) this.mails.set(event, mail)
  }

  async newest(limit: number): Promise<readonly MailInBox[]> {
    return [...this.mails.values()].slice(-limit)
  }
}
