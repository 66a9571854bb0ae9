import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

/** Stops the embedded server, or removes this run's schemas from a server that stays. */
export default async function globalTeardown() {
  const connectionString = process.env.WRIT_TEST_DATABASE_URL
  if (!connectionString) return
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    if (globalThis.writTestServer) await othersAreGone(client)
    else await dropSchemas(client)
  } finally {
    await client.end()
  }
  await globalThis.writTestServer?.stop()
}

/**
 * A pool has ended before its sockets have. A session that the server ends instead is an error on them, which nobody listens to any more
 * where the tests ran in this process.
 */
async function othersAreGone(client) {
  for (const end = performance.now() + 5_000; performance.now() < end; await sleep(10)) {
    const { rowCount } = await client.query(
      "select from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()",
    )
    if (rowCount === 0) return
  }
}

async function dropSchemas(client) {
  const { rows } = await client.query('select nspname from pg_namespace where starts_with(nspname, $1)', [
    `writ_test_${process.env.WRIT_TEST_RUN}_`,
  ])
  for (const { nspname } of rows) await client.query(`drop schema ${client.escapeIdentifier(nspname)} cascade`)
}
