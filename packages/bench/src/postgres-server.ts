import { statfs } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { slowDisk } from '@writ/build-tools'
import { startTemporaryPostgres } from '@writ/postgres-embedded'
import pg from 'pg'

/** The server that all systems share. */
export interface BenchServer {
  readonly connectionString: string
  /** Its version and the settings that figures depend on. */
  readonly description: string
  /** What makes its figures worth less, as sentences. */
  readonly warnings: readonly string[]
  stop(): Promise<void>
}

/**
 * The server of DATABASE_URL, which stays, or else an embedded one, as durable as in production, which goes with all its data.
 *
 * @param flushDelay milliseconds that each flush takes longer; on an embedded server only
 */
export async function openServer(log: (line: string) => void, flushDelay = 0): Promise<BenchServer> {
  if (flushDelay > 0) return openSlowServer(log, flushDelay)
  const given = process.env.DATABASE_URL
  if (given) {
    const described = await describeServer(given).catch((cause: Error) => {
      throw new Error(`DATABASE_URL leads to no server (${cause.message}). Mend it, or leave it out: a server is started then.`, {
        cause,
      })
    })
    return { connectionString: given, ...described, stop: async () => {} }
  }

  return startServer(log, {})
}

async function openSlowServer(log: (line: string) => void, flushDelay: number): Promise<BenchServer> {
  const disk = await slowDisk(flushDelay)
  try {
    const server = await startServer(log, disk.environment)
    return {
      ...server,
      stop: async () => {
        await server.stop()
        await disk.remove()
      },
    }
  } catch (error) {
    await disk.remove()
    throw error
  }
}

async function startServer(log: (line: string) => void, environment: Readonly<Record<string, string>>): Promise<BenchServer> {
  const server = await startTemporaryPostgres({ settings: settingsFor(totalmem()), environment, log })
  try {
    await makeSegments(server.connectionString, log)
    const { description, warnings } = await describeServer(server.connectionString)
    return {
      connectionString: server.connectionString,
      description,
      warnings: [...warnings, ...(await warnOfMemoryDisk(server.dataDirectory))],
      stop: () => server.stop(),
    }
  } catch (error) {
    await server.stop()
    throw error
  }
}

/** So many segments of the write-ahead log, of 16 MB each, are there before anything is measured. */
const SEGMENTS = 128

/**
 * A new segment is filled with zeros and flushed while everybody waits, 65 ms each; a server that has run for a while uses old ones again.
 * So that they are there to be used again, they are made, and a checkpoint lets go of them.
 */
async function makeSegments(connectionString: string, log: (line: string) => void): Promise<void> {
  log(`making ${SEGMENTS} segments of write-ahead log, as a server has them that has run for a while`)
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    for (let made = 1; made < SEGMENTS; made++) {
      await client.query(`select pg_logical_emit_message(false, 'bench', ''), pg_switch_wal()`)
    }
    await client.query('checkpoint')
  } finally {
    await client.end()
  }
}

/** @param memory the machine's, in bytes */
function settingsFor(memory: number): Record<string, string | number> {
  const quarter = Math.floor(memory / 4 / 1_048_576)
  return {
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    shared_buffers: quarter >= 1_024 ? '1GB' : `${Math.max(quarter, 16)}MB`,
    // A checkpoint in one system's window would be told as its slowness.
    max_wal_size: '8GB',
    min_wal_size: `${SEGMENTS * 16}MB`,
    checkpoint_timeout: '30min',
    max_connections: 200,
  }
}

async function describeServer(connectionString: string): Promise<{ description: string; warnings: string[] }> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    const { rows } = await client.query<{ name: string; value: string }>(
      `select name, current_setting(name) as value from unnest(array['server_version', 'fsync', 'synchronous_commit', 'full_page_writes',
        'shared_buffers', 'max_wal_size']) name`,
    )
    const [version, ...settings] = rows
    return {
      description: `PostgreSQL ${version?.value} (${settings.map(({ name, value }) => `${name} ${value}`).join(', ')})`,
      warnings: settings
        .filter(({ name, value }) => name !== 'shared_buffers' && value === 'off')
        .map(({ name }) => `The server's ${name} is off: what is acknowledged is not safe, and the figures flatter.`),
    }
  } finally {
    await client.end()
  }
}

const TMPFS = 0x01021994

async function warnOfMemoryDisk(directory: string): Promise<string[]> {
  const { type } = await statfs(directory)
  return type === TMPFS
    ? [
        `The data is in ${directory}, in memory, where fsync costs nothing: the figures flatter. Set TMPDIR to a folder on a disk.`,
      ]
    : []
}
