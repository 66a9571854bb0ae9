import { randomBytes } from 'node:crypto'
import { TestStoreUnavailableError } from '../errors.js'

interface Server {
  readonly connectionString: string
  /** Of the run, so that what it leaves behind can be told from other runs'. */
  readonly run: string
}

// What the global setup has found out reaches the workers of a runner through these.
const URL = 'WRIT_TEST_DATABASE_URL'
const RUN = 'WRIT_TEST_RUN'
const ERROR = 'WRIT_TEST_DATABASE_ERROR'

let stopOwn: (() => Promise<void>) | undefined

/**
 * Finds the server for the tests of this run: that of `DATABASE_URL`, or an embedded one that is started now.
 *
 * One that can't be started fails only the tests that ask for it: they report the reason.
 */
export async function startTestServer(): Promise<void> {
  process.env[RUN] = randomBytes(4).toString('hex')
  if (process.env.DATABASE_URL) {
    process.env[URL] = process.env.DATABASE_URL
    return
  }
  try {
    const { startTemporaryPostgres } = await import('@writ/postgres-embedded')
    // The data goes with the run, so nothing is gained by waiting for a disk; several workers with pools of their own share it.
    const server = await startTemporaryPostgres({ settings: { fsync: 'off', max_connections: 300 } })
    process.env[URL] = server.connectionString
    stopOwn = () => server.stop()
  } catch (error) {
    process.env[ERROR] = error instanceof Error ? error.message : String(error)
  }
}

/** Stops the embedded server, or removes what this run has left behind on a server that stays. */
export async function stopTestServer(): Promise<void> {
  const [connectionString, run] = [process.env[URL], process.env[RUN]]
  delete process.env[URL]
  if (stopOwn) {
    await stopOwn()
    stopOwn = undefined
  } else if (connectionString !== undefined && run !== undefined) {
    const { default: pg } = await import('pg')
    const client = new pg.Client({ connectionString })
    await client.connect()
    try {
      const named = await client.query('select nspname from pg_namespace where starts_with(nspname, $1)', [schemaPrefix(run)])
      for (const { nspname } of named.rows) await client.query(`drop schema ${client.escapeIdentifier(nspname)} cascade`)
    } finally {
      await client.end()
    }
  }
}

/** @throws TestStoreUnavailableError */
export function testServer(): Server {
  const connectionString = process.env[URL] ?? process.env.DATABASE_URL
  if (connectionString) return { connectionString, run: process.env[RUN] ?? `pid${process.pid}` }
  const why = process.env[ERROR] ?? 'neither DATABASE_URL nor a global setup has named one'
  throw new TestStoreUnavailableError(
    `These tests are to run on PostgreSQL, and there is no server: ${why}. Set DATABASE_URL; or install @writ/postgres-embedded: ` +
      "name '@writ/testing/jest-global-setup' and '@writ/testing/jest-global-teardown' in your Jest configuration, with another runner " +
      'set DATABASE_URL to what its startTemporaryPostgres() gives.',
  )
}

export const schemaPrefix = (run: string) => `writ_test_${run}_`
