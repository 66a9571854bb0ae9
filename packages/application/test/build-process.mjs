// A process with the second version of a projection on PostgreSQL: it is killed half-way through its build, at the failpoint that
// WRIT_FAILPOINTS names, and goes on as another one. It runs what is built, as a service does.
// Arguments: connection string, schema of the store, schema of the read model, what this process is called.
// Each event that it counts stands in the version's table `ledger`, with the process that counted it. No unique key would hide a second time.

import { Application, module } from '@writ/application'
import { onBatch, projection } from '@writ/event-handler'
import { Event } from '@writ/event-store'
import { postgresEventStore } from '@writ/event-store-postgres'
import { z } from 'zod'

const [connectionString, schema, tables, name] = process.argv.slice(2)

class Deposited extends Event('deposited', z.object({ account: z.string(), amount: z.int() })) {}

const sums = projection({
  name: 'sums',
  version: 2,
  schema: tables,
  batch: { size: 100 },
  setUp: async ({ sql, table }) => {
    await sql`create table if not exists ${table('sums')} (account text primary key, total bigint not null)`
    await sql`create table if not exists ${table('ledger')} (position bigint, process text)`
  },
  onBatch: onBatch([Deposited], async (deposits, { sql, table, events }) => {
    const totals = new Map()
    for (const { account, amount } of deposits) totals.set(account, (totals.get(account) ?? 0) + amount)
    await sql`insert into ${table('sums')} as known select * from unnest(${[...totals.keys()]}::text[], ${[...totals.values()]}::bigint[])
      on conflict (account) do update set total = known.total + excluded.total`
    const positions = events.map(({ position }) => position)
    await sql`insert into ${table('ledger')} select position, ${name} from unnest(${positions}::bigint[]) as position`
  }),
})

const app = await Application.create({
  store: postgresEventStore({ connectionString, schema, poolSize: 4 }),
  modules: [module({ name: 'bank', projections: [sums], events: [Deposited] })],
  subscriptions: { leaseMilliseconds: 500 },
})
await app.start()
process.on('disconnect', () => process.exit())
