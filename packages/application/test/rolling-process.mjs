// One process of a rolling deployment, with one version of a projection on PostgreSQL. It runs what is built, as a service does.
// Arguments: connection string, schema of the store, schema of the read model, the version, events a page.
// It reads all the time, and tells its parent fifty times a second `{ live, last, reads, notReady, failed, wrong }`: which version it knows to
// be live, its last read, how many there were, how many were refused before the first one, and what must not be: failures after it, and
// rows that are not those of their position.

import { Application, module } from '@writ/application'
import { onBatch, projection } from '@writ/event-handler'
import { Event } from '@writ/event-store'
import { postgresEventStore } from '@writ/event-store-postgres'
import { z } from 'zod'

const [connectionString, schema, tables, version, size] = process.argv.slice(2)

class Deposited extends Event('deposited', z.object({ account: z.string(), amount: z.int() })) {}

const sums = projection({
  name: 'sums',
  version: Number(version),
  schema: tables,
  batch: { size: Number(size) },
  setUp: async ({ sql, table }) => {
    await sql`create table if not exists ${table('sums')} (account text primary key, total bigint not null)`
    await sql`create table if not exists ${table('ledger')} (position bigint)`
  },
  onBatch: onBatch([Deposited], async (deposits, { sql, table, events }) => {
    const totals = new Map()
    for (const { account, amount } of deposits) totals.set(account, (totals.get(account) ?? 0) + amount)
    await sql`insert into ${table('sums')} as known select * from unnest(${[...totals.keys()]}::text[], ${[...totals.values()]}::bigint[])
      on conflict (account) do update set total = known.total + excluded.total`
    await sql`insert into ${table('ledger')} select unnest(${events.map(({ position }) => position)}::bigint[])`
  }),
})

const app = await Application.create({
  store: postgresEventStore({ connectionString, schema, poolSize: 4 }),
  modules: [module({ name: 'bank', projections: [sums], events: [Deposited] })],
  subscriptions: { leaseMilliseconds: 500 },
})
await app.start()
process.on('disconnect', () => process.exit())

const told = { live: undefined, last: undefined, reads: 0, notReady: 0, failed: [], wrong: [] }
setInterval(() => process.send(told), 20)
for (;;) {
  try {
    const last = await app.readModel('sums', async ({ sql, table, version, position }) => {
      const [{ total }] = await sql`select coalesce(sum(total), 0) as total from ${table('sums')}`
      return { version, total: Number(total), position: await position() }
    })
    if (last.total !== last.position || last.position < (told.last?.position ?? 0)) told.wrong.push([told.last, last])
    told.last = last
    told.reads++
    told.live = (await app.projections.status('sums')).live
  } catch (error) {
    if (error.code === 'read-model-not-ready' && told.reads === 0) told.notReady++
    else told.failed.push(`${error.code}: ${error.message}`)
  }
  await new Promise((resolve) => setTimeout(resolve, 2))
}
