import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import pg from 'pg'

const program = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  .map((folder) => join(folder, 'pgbouncer'))
  .find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })

/** Why tests with PgBouncer are skipped; empty where there is one. */
export const noPgbouncer = program === undefined ? ' (skipped: there is no pgbouncer on this machine)' : ''

/** Tests that need the real PgBouncer. */
export const describeWithPgbouncer = (program === undefined ? describe.skip : describe) as typeof describe

export interface Pgbouncer {
  readonly connectionString: string
  stop(): Promise<void>
}

/** Starts PgBouncer before a server, on a free port, as another user where this one is root: it refuses to run as root. */
export async function startPgbouncer(
  server: string,
  poolMode: 'transaction' | 'session',
  { poolSize = 5, ignores = '' }: { readonly poolSize?: number; readonly ignores?: string } = {},
): Promise<Pgbouncer> {
  const folder = await mkdtemp(join(tmpdir(), 'writ-pgbouncer-'))
  const { hostname, port, username, password } = new URL(server)
  const quoted = (text: string) => `'${decodeURIComponent(text).replaceAll("'", "''")}'`
  const ownPort = await freePort()
  const settings = [
    '[databases]',
    `* = host=${hostname} port=${port || 5432} user=${quoted(username)} password=${quoted(password)}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${ownPort}`,
    'unix_socket_dir =',
    'auth_type = any',
    `pool_mode = ${poolMode}`,
    `default_pool_size = ${poolSize}`,
    'max_client_conn = 500',
    `ignore_startup_parameters = ${ignores}`,
  ]
  const file = join(folder, 'pgbouncer.ini')
  await writeFile(file, `${settings.join('\n')}\n`, { mode: 0o644 })
  await chmod(folder, 0o755)
  const asOther = process.getuid?.() === 0 ? ['-u', 'nobody'] : []
  const child = spawn(program!, ['-q', ...asOther, file], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2_000)
  })
  const ended = once(child, 'exit')
  const stop = async () => {
    child.kill('SIGKILL')
    await ended
    await rm(folder, { recursive: true, force: true })
  }
  const url = new URL(server)
  url.hostname = '127.0.0.1'
  url.port = String(ownPort)
  try {
    await answering(url.href)
  } catch (error) {
    await stop()
    throw new Error(`PgBouncer did not start. It said: ${said}`, { cause: error })
  }
  return { connectionString: url.href, stop }
}

async function answering(connectionString: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    const client = new pg.Client({ connectionString })
    client.on('error', () => {})
    try {
      await client.connect()
      await client.end()
      return
    } catch (error) {
      await client.end().catch(() => {})
      if (tries === 100) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
