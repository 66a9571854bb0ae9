import type pg from 'pg'
import type { Connections } from '../connections.js'
import { TransactionPoolerError, UnsupportedServerError } from '../errors.js'

const OLDEST_SERVER = 150_000

/** @throws UnsupportedServerError */
export async function checkServer(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ server: string; number: number; encoding: string }>(
    `select current_setting('server_version') as server, current_setting('server_version_num')::int as number,
      current_setting('server_encoding') as encoding`,
  )
  const { server, number, encoding } = rows[0]!
  if (number < OLDEST_SERVER) throw new UnsupportedServerError(`PostgreSQL ${server}`, 'PostgreSQL 15 or newer')
  if (encoding !== 'UTF8') throw new UnsupportedServerError(`a database in ${encoding}`, 'one in UTF8')
}

/**
 * A pooler gives its clients process ids of its own making. One that lends a server process for a transaction lets two sessions that are
 * open at once meet the same process; one that keeps sessions does not, and does no harm.
 *
 * @throws TransactionPoolerError
 */
export async function refuseTransactionPooler(client: pg.ClientBase, connections: Connections): Promise<void> {
  const { processID } = client as pg.ClientBase & { readonly processID?: number | null }
  const before = await serverProcess(client)
  if (typeof processID !== 'number' || processID === before) return
  const other = connections.separateClient()
  other.on('error', () => {})
  try {
    await connections.watched(other, () => other.connect())
    await connections.watched(other, () => other.query('begin'))
    const others = await connections.watched(other, () => serverProcess(other))
    const after = await connections.watched(client, () => serverProcess(client))
    if (others === before || after !== before) throw new TransactionPoolerError('a session changed its server process')
    await connections.watched(other, () => other.query('rollback'))
  } finally {
    await connections.watched(other, () => other.end()).catch(() => {})
  }
}

async function serverProcess(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  return rows[0]!.pid
}
