import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type PostgresServer, startPostgres } from '@writ/postgres-embedded'
import pg from 'pg'

const run = promisify(execFile)

export interface PrivateServerOptions {
  readonly settings?: Readonly<Record<string, string | number>>
  readonly environment?: Readonly<Record<string, string>>
}

/** A server of a test's own, at one port from start to start: it may be stopped, crashed, and set back to an earlier state. */
export class PrivateServer {
  private constructor(
    private readonly folder: string,
    private readonly options: PrivateServerOptions,
    private server: PostgresServer,
  ) {}

  static async start(options: PrivateServerOptions = {}): Promise<PrivateServer> {
    const folder = await mkdtemp(join(tmpdir(), 'writ-private-server-'))
    // A server that root starts runs as another user, who must find the way.
    await chmod(folder, 0o711)
    const server = await startPostgres({ dataDirectory: join(folder, 'data'), ...options })
    return new PrivateServer(folder, options, server)
  }

  /**
   * Stops a server, copies its data, starts it again, and starts the copy as its standby, which may be asked, and streams what comes.
   *
   * The two share their users and passwords.
   */
  static async standbyOf(primary: PrivateServer): Promise<PrivateServer> {
    const folder = await mkdtemp(join(tmpdir(), 'writ-private-server-'))
    await chmod(folder, 0o711)
    await primary.stop()
    const data = join(folder, 'data')
    await run('cp', ['-a', primary.server.dataDirectory, data])
    // An empty file would do; a copy belongs to the server's user.
    await run('cp', ['-a', join(data, 'cluster', 'PG_VERSION'), join(data, 'cluster', 'standby.signal')])
    await primary.start()
    const { hostname, port, username, password } = new URL(primary.connectionString)
    const settings = {
      primary_conninfo: `host=${hostname} port=${port} user=${username} password=${password}`,
      wal_retrieve_retry_interval: '100ms',
    }
    const server = await startPostgres({ dataDirectory: data, settings })
    return new PrivateServer(folder, { settings }, server)
  }

  get connectionString(): string {
    return this.server.connectionString
  }

  /** What a superuser may do. */
  async execute<T extends pg.QueryResultRow>(statement: string): Promise<T[]> {
    const client = new pg.Client({ connectionString: this.connectionString })
    await client.connect()
    try {
      return (await client.query<T>(statement)).rows
    } finally {
      await client.end()
    }
  }

  async start(): Promise<void> {
    const { port, dataDirectory } = this.server
    this.server = await startPostgres({ dataDirectory, port, ...this.options })
  }

  stop(): Promise<void> {
    return this.server.stop()
  }

  /** `immediate`: the main process ends all others at once, without a checkpoint. `kill`: all processes get a SIGKILL. */
  async crash(how: 'immediate' | 'kill'): Promise<void> {
    const { pid, exited } = this.server
    const signal = how === 'kill' ? 'SIGKILL' : 'SIGQUIT'
    const all = how === 'kill' ? [pid, ...(await childrenOf(pid))] : [pid]
    for (const each of all) killIfThere(each, signal)
    await exited
  }

  /** Keeps a copy of the data of a stopped server. */
  async backUp(name: string): Promise<void> {
    await run('cp', ['-a', join(this.server.dataDirectory, 'cluster'), join(this.folder, name)])
  }

  /** Puts a copy back in the data's place. */
  async restore(name: string): Promise<void> {
    const cluster = join(this.server.dataDirectory, 'cluster')
    await rm(cluster, { recursive: true, force: true })
    await run('cp', ['-a', join(this.folder, name), cluster])
  }

  /** Stops it and takes the data away. */
  async remove(): Promise<void> {
    await this.server.stop()
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
}

/** One of many may have ended by itself meanwhile. */
function killIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

async function childrenOf(pid: number): Promise<number[]> {
  const children: number[] = []
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = await readFile(join('/proc', name, 'stat'), 'utf8').catch(() => '')
    // After the program's name, which may hold anything: its state, its parent.
    if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid) children.push(Number(name))
  }
  return children
}
