import { type PostgresEventStore, postgresEventStore } from '@writ/event-store-postgres'
import type pg from 'pg'
import { connectionPool, countRows } from '../connection-pool.js'
import { type SampleEvent, sampleEvent, streamOf } from '../sample-event.js'
import type { Environment, OpenSystem, System } from '../system.js'
import { newEvent } from './writ-append.js'

const MOST_CONNECTIONS = 32

/** Events, each with a row of the user's own, in one transaction. */
interface Rows {
  readonly store: PostgresEventStore
  /** Of the user. */
  readonly pool: pg.Pool
  /** The statement that writes the row. */
  readonly text: string
}

/** The store's own transaction: a row, and an event to a new stream as its last step. */
export const writTransaction = system('writ transaction', async ({ store, text }, event) => {
  await store.transaction(async ({ client, append }) => {
    await client.query({ name: 'insert-row', text, values: values(event) })
    append({ stream: streamOf(event), events: [newEvent(event)], expectedVersion: 0 })
  })
})

/** A transaction on a client of the user's own, in which a row is written and an event is staged. */
export const writStaged = system('writ staged', async ({ store, pool, text }, event) => {
  const client = await pool.connect()
  try {
    await client.query('begin')
    await client.query({ name: 'insert-row', text, values: values(event) })
    await store.stage(client, { stream: streamOf(event), events: [newEvent(event)], expectedVersion: 0 })
    await client.query('commit')
  } finally {
    client.release()
  }
})

/** A limit: the row alone, in a transaction on a client of the user's own. */
export const row = system(
  'row alone',
  async ({ pool, text }, event) => {
    const client = await pool.connect()
    try {
      await client.query('begin')
      await client.query({ name: 'insert-row', text, values: values(event) })
      await client.query('commit')
    } finally {
      client.release()
    }
  },
  'rows',
)

const values = ({ data }: SampleEvent) => [data.account, data.amount]

type Operation = (rows: Rows, event: SampleEvent) => Promise<void>

function system(name: string, operation: Operation, counted: 'events' | 'rows' = 'events'): System {
  return { name, open: (environment) => open(environment, operation, counted) }
}

async function open(environment: Environment, operation: Operation, counted: string): Promise<OpenSystem> {
  const { connectionString, schema, callers } = environment
  const poolSize = Math.min(callers, MOST_CONNECTIONS)
  const store = postgresEventStore({ connectionString, schema, poolSize })
  await store.start()
  const pool = connectionPool(environment, poolSize)
  await pool.query('create table rows (account uuid primary key, amount integer not null)')
  const rows: Rows = { store, pool, text: `insert into ${schema}.rows values ($1, $2)` }
  return {
    settings: `pool of ${poolSize}`,
    operation: () => operation(rows, sampleEvent()),
    stored: () => countRows(pool, counted),
    async close() {
      await pool.end()
      await store.stop()
    },
  }
}
