import { randomBytes } from 'node:crypto'

/**
 * Gives the tests of this run one PostgreSQL: the server of `DATABASE_URL`, or an embedded one that lives as long as the run.
 *
 * A server that does not start fails only the tests that ask for it: they report the reason.
 */
export default async function globalSetup() {
  process.env.WRIT_TEST_RUN = randomBytes(4).toString('hex')
  if (process.env.DATABASE_URL) {
    process.env.WRIT_TEST_DATABASE_URL = process.env.DATABASE_URL
    return
  }
  try {
    const { startTemporaryPostgres } = await import('@writ/postgres-embedded')
    // The data goes with the run, so nothing is gained by waiting for a disk; two workers with several pools each need connections.
    const server = await startTemporaryPostgres({ settings: { fsync: 'off', max_connections: 300 } })
    process.env.WRIT_TEST_DATABASE_URL = server.connectionString
    globalThis.writTestServer = server
  } catch (error) {
    process.env.WRIT_TEST_DATABASE_ERROR = error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
}
