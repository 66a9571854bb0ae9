// #region first-version
import type { Application } from '@writ/application'
import {
  On,
  OnBatch,
  Projection,
  type ProjectionBatchContext,
  type ProjectionContext,
  type ReadModelContext,
} from '@writ/event-handler'
import type { SqlTransaction } from '@writ/event-store-postgres'
import { AccountOpened, MoneyDeposited, MoneyWithdrawn } from './events.js'

type Context = ProjectionContext<SqlTransaction>

@Projection({ name: 'balances', version: 1, consistency: 'strong' })
export class Balances {
  async setUp({ sql, table }: ReadModelContext<SqlTransaction>) {
    await sql`create table if not exists ${table('balances')} (account text primary key, balance bigint not null)`
  }

  @On(AccountOpened)
  async opened({ account }: AccountOpened, { sql, table }: Context) {
    await sql`insert into ${table('balances')} values (${account}, 0)`
  }

  @On(MoneyDeposited)
  async deposited({ account, amount }: MoneyDeposited, { sql, table }: Context) {
    await sql`update ${table('balances')} set balance = balance + ${amount} where account = ${account}`
  }

  @On(MoneyWithdrawn)
  async withdrawn({ account, amount }: MoneyWithdrawn, { sql, table }: Context) {
    await sql`update ${table('balances')} set balance = balance - ${amount} where account = ${account}`
  }
}
// #endregion first-version

// #region read
export async function balanceOf(app: Application<SqlTransaction>, account: string) {
  return app.readModel('balances', async ({ sql, table }) => {
    const [row] = await sql<{ balance: string }>`select balance from ${table('balances')} where account = ${account}`
    return row && Number(row.balance)
  })
}
// #endregion read

type Names = ReadModelContext<SqlTransaction>
type Batch = ProjectionBatchContext<SqlTransaction>

export const told: string[] = []
const notify = async (accounts: ReadonlySet<string>) => {
  told.push(...accounts)
}

// #region second-version
@Projection({ name: 'balances', version: 2, consistency: 'strong', comparable: true })
export class BalancesByPage {
  async setUp({ sql, table, index }: Names) {
    await sql`create table if not exists ${table('balances')} (account text primary key, balance bigint not null)`
    await sql`create index if not exists ${index('balances_balance')} on ${table('balances')} (balance)`
  }

  async tearDown({ sql, table }: Names) {
    await sql`drop table ${table('balances')}`
  }

  async checksum({ sql, table }: Names) {
    const [row] = await sql<{ checksum: string }>`
      select coalesce(sum(hashtextextended(account || '/' || balance, 0)), 0) as checksum from ${table('balances')}`
    return row!.checksum
  }

  async count({ sql, table }: Names) {
    const [row] = await sql<{ count: string }>`select count(*) from ${table('balances')}`
    return row!.count
  }

  @OnBatch(AccountOpened, MoneyDeposited, MoneyWithdrawn)
  async moved(events: readonly (AccountOpened | MoneyDeposited | MoneyWithdrawn)[], { sql, table }: Batch) {
    const changes = new Map<string, number>()
    for (const event of events) {
      const change = event instanceof MoneyDeposited ? event.amount : event instanceof MoneyWithdrawn ? -event.amount : 0
      changes.set(event.account, (changes.get(event.account) ?? 0) + change)
    }
    await sql`insert into ${table('balances')} as known
      select * from unnest(${[...changes.keys()]}::text[], ${[...changes.values()]}::bigint[])
      on conflict (account) do update set balance = known.balance + excluded.balance`
  }

  async afterUpdate(events: readonly { readonly account: string }[]) {
    await notify(new Set(events.map(({ account }) => account))) // the rows of these events are committed
  }
}
// #endregion second-version

// #region look-after
export async function lookAfter(app: Application<SqlTransaction>) {
  const { live, versions } = await app.projections.status(BalancesByPage)
  for (const { version, state, position, head, rate, secondsLeft } of versions) {
    console.info(`balances@${version} is ${state}: ${position} of ${head}, ${rate} a second, ${secondsLeft} s left`)
  }
  const { agrees, position, versions: compared } = await app.projections.compare(BalancesByPage, { version: 1 })
  for (const { version, count, checksum } of compared)
    console.info(`at ${position}, version ${version}: ${count} rows, ${checksum}`)
  await app.projections.rollBack(BalancesByPage) // the one before is live again
  await app.projections.swap(BalancesByPage, { version: 2 }) // and this one, by hand
  return { live, agrees, position }
}
// #endregion look-after
