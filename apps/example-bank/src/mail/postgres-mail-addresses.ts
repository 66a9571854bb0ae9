import type { Database } from '../storage/database.js'
import { MailAddresses } from './mail-addresses.js'

export const mailAddressesTable = `
  create table if not exists bank.mail_addresses (
    account text primary key,
    email text not null
  )`

export class PostgresMailAddresses extends MailAddresses {
  constructor(private readonly database: Database) {
    super()
  }

  async remember(account: string, email: string): Promise<void> {
    await this.database.sql`
      insert into bank.mail_addresses (account, email) values (${account}, ${email})
      on conflict (account) do update set email = excluded.email`
  }

  async find(account: string): Promise<string | undefined> {
    const [row] = await this.database.sql<{ email: string }>`select email from bank.mail_addresses where account = ${account}`
    return row?.email
  }
}
