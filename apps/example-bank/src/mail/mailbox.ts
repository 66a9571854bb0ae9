import { type Mail, Mailer } from './mailer.js'

export type MailInBox = Omit<Mail, 'event'>

/** The mailbox of a bank without an SMTP server: durable, and each mail lies in it once however often it is sent. */
export abstract class Mailbox extends Mailer {
  /** The newest so many, the newest last. */
  abstract newest(limit: number): Promise<readonly MailInBox[]>
}
