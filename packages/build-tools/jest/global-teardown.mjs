import pg from 'pg'

/** Stops the embedded server, or removes this run's schemas from a server that stays. */
export default async function globalTeardown() {
  if (globalThis.writTestServer) {
    await globalThis.writTestServer.stop()
    return
  }
  if (!process.env.WRIT_TEST_DATABASE_URL) return
  const client = new pg.Client({ connectionString: process.env.WRIT_TEST_DATABASE_URL })
  await client.connect()
  try {
    const { rows } = await client.query('select nspname from pg_namespace where starts_with(nspname, $1)', [
      `writ_test_${process.env.WRIT_TEST_RUN}_`,
    ])
    for (const { nspname } of rows) await client.query(`drop schema ${client.escapeIdentifier(nspname)} cascade`)
  } finally {
    await client.end()
  }
}
