import type { Database } from '../storage/database.js'
import { Credentials } from './credentials.js'

export const credentialsTable = `
  create table if not exists bank.credentials (
    account text primary key,
    password_hash text not null,
    added_at timestamptz not null default now()
  )`

export class PostgresCredentials extends Credentials {
  constructor(private readonly database: Database) {
    super()
  }

  async add(account: string, passwordHash: string): Promise<boolean> {
    const added = await this.database.sql`
      insert into bank.credentials (account, password_hash) values (${account}, ${passwordHash})
      on conflict (account) do nothing returning account`
    return added.length === 1
  }

  async find(account: string): Promise<string | undefined> {
    const [row] = await this.database.sql<{ hash: string }>`
      select password_hash as hash from bank.credentials where account = ${account}`
    return row?.hash
  }
}
