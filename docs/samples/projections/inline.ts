// #region inline
import { type InlineContext, InlineProjection, On } from '@writ/event-handler'
import { DomainError } from '@writ/event-store'
import type { SqlTransaction } from '@writ/event-store-postgres'
import { AccountOpened } from './events.js'

@InlineProjection({ name: 'email-addresses' })
export class EmailAddresses {
  async setUp({ sql }: SqlTransaction) {
    await sql`create table if not exists email_addresses (email text primary key, account text not null, version bigint)`
  }

  @On(AccountOpened)
  async opened({ account, email }: AccountOpened, { sql, event: { version } }: InlineContext<SqlTransaction>) {
    const [mine] = await sql`
      insert into email_addresses (email, account, version) values (${email}, ${account}, ${version ?? null})
      on conflict (email) do nothing returning email`
    if (!mine) throw new DomainError('email-taken', 'There is an account for this e-mail.', { email })
  }
}
// #endregion inline
