import { testDatabase, until } from '@writ/build-tools'
import { type EventStore, type NewEvent, type StoredEvent, systemRuntime } from '@writ/event-store'
import pg from 'pg'
import type { PostgresEventStoreOptions } from '../src/options.js'
import { type PostgresEventStore, postgresEventStore } from '../src/postgres-event-store.js'

const opened: { stop(): Promise<void> }[] = []

/** What a test file opened is closed when it ends. */
export function closeAfterAll(): void {
  afterAll(async () => {
    await Promise.all(opened.splice(0).map((each) => each.stop()))
  })
}

export function willClose<T extends { stop(): Promise<void> }>(each: T): T {
  opened.push(each)
  return each
}

/** A started store; in a schema of its own unless one is given. */
export async function openStore(options: Partial<PostgresEventStoreOptions> = {}): Promise<PostgresEventStore> {
  const { connectionString, schema } = testDatabase()
  const store = willClose(postgresEventStore({ schema, ...(options.pool ? {} : { connectionString }), ...options }))
  await store.start()
  return store
}

/** A connection of the test's own, beside the store. */
export async function adminClient(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: testDatabase().connectionString })
  client.on('error', () => {})
  await client.connect()
  willClose({ stop: () => client.end().catch(() => {}) })
  return client
}

export function newEvent(changes: Partial<NewEvent> = {}): NewEvent {
  return {
    id: systemRuntime.uuid(),
    type: 'noted',
    schemaVersion: 1,
    data: '{"text":"hello"}',
    metadata: '{}',
    tags: [],
    ...changes,
  }
}

export async function readEverything(store: EventStore): Promise<StoredEvent[]> {
  const events: StoredEvent[] = []
  for await (const page of store.readAll()) events.push(...page)
  return events
}

export const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))

/** Waits until a pool has every connection back; a hint to other processes may be under way for some milliseconds. */
export async function untilIdle(pool: pg.Pool): Promise<void> {
  await until('the pool was idle', () => pool.idleCount === pool.totalCount && pool.waitingCount === 0)
}
