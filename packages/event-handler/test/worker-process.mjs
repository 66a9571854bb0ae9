// One process with subscriptions on PostgreSQL: it is killed, frozen and taken over from. It runs what is built, as an application does.
// Arguments: connection string, schema of the store, schema of the read model, its name, lease in milliseconds, number of partitions.
// It tells its parent `{ status }` twenty times a second, and `{ handling: position }` when it comes to an event that wants to be held:
// a deposit of 0 waits for the parent's `{ go: true }` within the transaction. `{ block: milliseconds }` blocks it for as long.

import { Event, EventTypes } from '@writ/event-store'
import { postgresEventStore } from '@writ/event-store-postgres'
import { z } from 'zod'
import { on, projection, Subscriptions } from '../dist/index.js'

const [connectionString, schema, readModel, name, lease, partitions] = process.argv.slice(2)

class Deposited extends Event('deposited', z.object({ account: z.string(), amount: z.int() })) {}

let go = () => {}
process.on('message', ({ block }) => {
  if (block === undefined) go()
  else for (const end = performance.now() + block; performance.now() < end; );
})

const ledger = projection({
  name: 'ledger',
  consistency: 'strong',
  partitions: Number(partitions),
  on: [
    on(Deposited, async ({ amount }, { sql, event: { position } }) => {
      await sql`insert into ${sql.identifier(readModel, 'ledger')} (position, worker) values (${position}, ${name})`
      if (amount !== 0) return
      process.send({ handling: position })
      await new Promise((resolve) => {
        go = resolve
      })
    }),
  ],
})

const store = postgresEventStore({ connectionString, schema, poolSize: 3 })
await store.start()
const subscriptions = new Subscriptions({
  store,
  events: new EventTypes([Deposited]),
  owner: name,
  leaseMilliseconds: Number(lease),
})
subscriptions.add(ledger)
await subscriptions.start()
setInterval(() => process.send({ status: subscriptions.status()[0] }), 50)
process.on('disconnect', () => process.exit())
process.on('SIGTERM', async () => {
  await subscriptions.stop()
  await store.stop()
  process.exit(0)
})
