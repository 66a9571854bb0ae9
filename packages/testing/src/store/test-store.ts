import { randomBytes } from 'node:crypto'
import { type EventStore, nearestName, type Runtime } from '@writ/event-store'
import { InMemoryLog, inMemoryEventStore } from '@writ/event-store-memory'
import type { Pool } from 'pg'
import { TestStoreUnavailableError } from '../errors.js'
import { isVirtual } from '../runtime/test-runtime.js'
import { holdTime } from './hold-time.js'
import { schemaPrefix, testServer } from './test-server.js'

export type StoreKind = 'memory' | 'postgres'

export interface TestStoreOptions {
  /** Which store; what the environment variable `WRIT_TEST_STORE` says by default, and memory when that says nothing. */
  readonly on?: StoreKind
  /** The one of the application: in memory, its clock is the store's; on PostgreSQL it stands still while the server works. */
  readonly runtime?: Runtime
}

/** Where the tests of one file keep what they write; nobody else uses it. */
export type TestStore = MemoryTestStore | PostgresTestStore

export interface MemoryTestStore {
  readonly on: 'memory'
  /** Opens a store on the data of this test store. Several stand for several processes, or for one that is started again. */
  open(): EventStore
  /** Removes everything. To call it twice is harmless. */
  close(): Promise<void>
}

export interface PostgresTestStore {
  readonly on: 'postgres'
  readonly connectionString: string
  /** The schema for tables of your own. The events are beside it, in a schema that begins with the same name. */
  readonly schema: string
  /** Connections that find tables in this schema first: read models that the tests look at, and those of the store itself. */
  readonly pool: Pool
  /** Opens a store on the data of this test store. Several stand for several processes, or for one that is started again. */
  open(): EventStore
  /** Drops both schemas and ends the pool; stop what uses them first. To call it twice is harmless. */
  close(): Promise<void>
}

/**
 * Makes a place for the events of one test file, in memory or on PostgreSQL: the same tests run on both.
 *
 * @throws TestStoreUnavailableError when there is no server, or the adapter is not installed
 * @example
 * const place = await testStore()
 * const app = await Application.create({ store: place.open(), modules: [bank] })
 * afterAll(async () => { await app.stop(); await place.close() })
 */
export async function testStore({ on = storeOfEnvironment(), runtime }: TestStoreOptions = {}): Promise<TestStore> {
  checkKind('on', on)
  return on === 'memory' ? memoryTestStore(runtime) : postgresTestStore(runtime)
}

/** What `WRIT_TEST_STORE` says; memory when it says nothing. */
function storeOfEnvironment(): StoreKind {
  const text = process.env.WRIT_TEST_STORE || 'memory'
  checkKind('WRIT_TEST_STORE', text)
  return text
}

const kinds: readonly string[] = ['memory', 'postgres'] satisfies StoreKind[]

function checkKind(option: string, kind: string): asserts kind is StoreKind {
  if (kinds.includes(kind)) return
  const nearest = nearestName(kind, kinds)
  const remedy = nearest ? `'${nearest}' may be meant` : "give 'memory' or 'postgres'"
  throw new TestStoreUnavailableError(`${option} is '${kind}', and there is no such test store: ${remedy}.`)
}

function memoryTestStore(runtime: Runtime | undefined): MemoryTestStore {
  const log = new InMemoryLog(runtime && { runtime })
  return { on: 'memory', open: () => inMemoryEventStore({ log }), close: async () => {} }
}

async function postgresTestStore(runtime: Runtime | undefined): Promise<PostgresTestStore> {
  const { connectionString, run } = testServer()
  const [{ postgresEventStore }, { default: pg }] = await installed()
  const schema = `${schemaPrefix(run)}${randomBytes(5).toString('hex')}`
  const events = `${schema}_events`
  const pool = new pg.Pool({ connectionString, options: `-c search_path=${schema},public` })
  // A connection that breaks while nobody uses it is replaced; without a listener it would end the process.
  pool.on('error', () => {})
  try {
    await pool.query(`create schema ${schema}`)
  } catch (cause) {
    await pool.end()
    throw new TestStoreUnavailableError(`No schema could be made for these tests: ${(cause as Error).message}`, cause)
  }
  let closing: Promise<void> | undefined
  return {
    on: 'postgres',
    connectionString,
    schema,
    pool,
    open() {
      // Real time for what waits for a server: its leases go by the server's clock anyway.
      const store: EventStore = postgresEventStore({ pool, schema: events })
      return isVirtual(runtime) ? holdTime(store, runtime.during) : store
    },
    close() {
      closing ??= (async () => {
        await pool.query(`drop schema if exists ${schema}, ${events} cascade`)
        await pool.end()
      })()
      return closing
    },
  }
}

/** Needed only here: who tests in memory alone need not install them. */
async function installed() {
  try {
    return await Promise.all([import('@writ/event-store-postgres'), import('pg')])
  } catch (cause) {
    throw new TestStoreUnavailableError(
      'These tests are to run on PostgreSQL, and its adapter is missing: install @writ/event-store-postgres and pg.',
      cause,
    )
  }
}
