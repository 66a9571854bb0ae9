// One process with a subscription on PostgreSQL that parks what it can't handle: it is killed at the failpoints that WRIT_FAILPOINTS names.
// It runs what is built, as an application does.
// Arguments: connection string, schema of the store, schema of the ledger, 'event-handler' or 'projection', lease in milliseconds (300).
// A deposit fails while its amount stands in the ledger schema's table `poison`. What is handled stands in its table `handled`.
// It tells its parent `{ status }` fifty times a second.

import { Event, EventTypes } from '@writ/event-store'
import { postgresEventStore } from '@writ/event-store-postgres'
import pg from 'pg'
import { z } from 'zod'
import { eventHandler, on, parkAtOnce, projection, Subscriptions } from '../dist/index.js'

const [connectionString, schema, ledger, kind, lease = 300] = process.argv.slice(2)

class Deposited extends Event('deposited', z.object({ account: z.string(), amount: z.int() })) {}

const pool = new pg.Pool({ connectionString, max: 2 })

async function refusePoison(amount) {
  const { rowCount } = await pool.query(`select 1 from ${ledger}.poison where amount = $1`, [amount])
  if (rowCount > 0) throw new Error('poison')
}

const insert = `insert into ${ledger}.handled (account, position) values ($1, $2)`
const common = { name: 'failing', onError: parkAtOnce }
const definition =
  kind === 'projection'
    ? projection({
        ...common,
        on: [
          on(Deposited, async ({ account, amount }, { client, event: { position } }) => {
            await client.query(insert, [account, position])
            await refusePoison(amount)
          }),
        ],
      })
    : eventHandler({
        ...common,
        on: [
          on(Deposited, async ({ account, amount }, { event: { position } }) => {
            await refusePoison(amount)
            await pool.query(insert, [account, position])
          }),
        ],
      })

const store = postgresEventStore({ connectionString, schema, poolSize: 3 })
await store.start()
const subscriptions = new Subscriptions({ store, events: new EventTypes([Deposited]), leaseMilliseconds: Number(lease) })
subscriptions.add(definition)
await subscriptions.start()
setInterval(() => process.send({ status: subscriptions.status()[0] }), 20)
process.on('disconnect', () => process.exit())
