import { randomBytes } from 'node:crypto'

export interface TestDatabase {
  /** The server that all tests of this run share. */
  readonly connectionString: string
  /** A schema name that nobody else uses. It does not exist yet; when the run ends it is dropped with all that it holds. */
  readonly schema: string
}

/**
 * Where a `.postgres.test.ts` keeps its data. Each call names another schema.
 *
 * @throws Error when no server could be started for this run; it says why.
 */
export function testDatabase(): TestDatabase {
  const connectionString = process.env.WRIT_TEST_DATABASE_URL
  if (connectionString === undefined) {
    throw new Error(
      `These tests have no PostgreSQL: ${process.env.WRIT_TEST_DATABASE_ERROR ?? 'they were not started by the root Jest configuration.'}\n` +
        'Set DATABASE_URL to use a server of your own, or run the tests from the root of the repository.',
    )
  }
  return { connectionString, schema: `writ_test_${process.env.WRIT_TEST_RUN}_${randomBytes(5).toString('hex')}` }
}
