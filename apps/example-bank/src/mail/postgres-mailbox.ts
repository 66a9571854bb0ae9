import type { Database } from '../storage/database.js'
import { Mailbox, type MailInBox } from './mailbox.js'
import type { Mail } from './mailer.js'

export const mailboxTable = `
  create table if not exists bank.mailbox (
    number bigint generated always as identity primary key,
    event uuid not null unique,
    recipient text not null,
    subject text not null,
    text text not null,
    received_at timestamptz not null default now()
  )`

export class PostgresMailbox extends Mailbox {
  constructor(private readonly database: Database) {
    super()
  }

  async send({ event, to, subject, text }: Mail): Promise<void> {
    await this.database.sql`
      insert into bank.mailbox (event, recipient, subject, text) values (${event}, ${to}, ${subject}, ${text})
      on conflict (event) do nothing`
  }

  async newest(limit: number): Promise<readonly MailInBox[]> {
    const mails = await this.database.sql<MailInBox>`
      select recipient as "to", subject, text from bank.mailbox order by number desc limit ${limit}`
    return mails.reverse()
  }
}
