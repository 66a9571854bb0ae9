import { setTimeout } from 'node:timers/promises'
import { type Binaries, findBinariesPackage, provideBinaries } from './binaries.js'
import {
  type DataDirectory,
  holdsCluster,
  openDataDirectory,
  readNote,
  rememberedPort,
  rememberPort,
  removeLeftovers,
  unusable,
} from './data-directory.js'
import { openSession, ServerRefusal } from './database-session.js'
import { type DirectoryLock, lockDirectory } from './directory-lock.js'
import { findFreePort, isFree } from './free-port.js'
import { initialiseCluster } from './initialise-cluster.js'
import { endStrayProcesses, serverMark, stopLeftBehindServer } from './left-behind-server.js'
import { PostgresEmbeddedError } from './postgres-embedded-error.js'
import { checkOptions, type PostgresOptions } from './postgres-options.js'
import { readPostmasterPid } from './postmaster-pid.js'
import { type FailedStart, type PostgresExit, type ServerProcess, startServerProcess } from './server-process.js'
import { canEnter, type ServerUser, serverUser } from './server-user.js'

/** A running PostgreSQL server. It keeps this process alive, as every server does, until it is stopped. */
export interface PostgresServer {
  /** For any PostgreSQL client: `postgres://postgres:<password>@127.0.0.1:<port>/<database>`. */
  readonly connectionString: string
  readonly port: number
  readonly database: string
  /** Absolute and free of symbolic links. */
  readonly dataDirectory: string
  /** PostgreSQL's version, as in `18.4`. */
  readonly version: string
  /** PostgreSQL's main process. */
  readonly pid: number
  /** Resolves when the server has ended, asked for or not; never rejects. The data folder is free again then. */
  readonly exited: Promise<PostgresExit>
  /** Shuts the server down in order and waits until it is gone. A second call waits for the same end. */
  stop(): Promise<void>
}

/**
 * Starts PostgreSQL on a data folder, and makes the folder and the database if they are not there.
 *
 * The server ends with this process, however that ends. SIGINT and SIGTERM are the caller's: handle them, and call `stop()` last.
 *
 * @throws PostgresEmbeddedError its `code` says why; the server does not run then, and the folder is free.
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  checkOptions(options)
  const source = await findBinariesPackage()
  const data = await openDataDirectory(options.dataDirectory)
  const lock = await lockDirectory(data.path).catch((error: unknown) => Promise.reject(explain(error, data)))
  let binaries: Binaries | undefined
  try {
    const log = options.log ?? (() => {})
    const user = await serverUser(data.cluster)
    const mark = await serverMark(data.path)
    await stopLeftBehindServer(data, mark, log)
    await removeLeftovers(data)
    const hasCluster = await holdsCluster(data, source.majorVersion, user)
    binaries = await provideBinaries(source, data.path, user, log)
    const locate = (cluster: string) => pathForServer(data, cluster, user)
    if (!hasCluster) {
      log(`initialising PostgreSQL ${source.majorVersion} in ${data.path}`)
      await initialiseCluster(data, binaries, user, locate)
    } else if (await readPostmasterPid(data.cluster)) log('recovering, because the last run did not end in order')
    const launch = { data, binaries, user, mark, dataArgument: await locate(data.cluster), options, log }
    const { server, port } = await startOnFreePort(launch)
    return await handOver({ ...launch, server, port, lock })
  } catch (error) {
    await binaries?.release()
    await lock.release()
    throw explain(error, data)
  }
}

/** What the file system refuses, in the words of this package. */
function explain(error: unknown, data: DataDirectory): unknown {
  const { syscall, message } = error as NodeJS.ErrnoException
  if (syscall === undefined) return error
  return unusable(data.path, message, 'Give this user the rights to that folder, or choose another one', error)
}

interface Launch {
  readonly data: DataDirectory
  readonly binaries: Binaries
  readonly user: ServerUser | undefined
  readonly mark: string
  readonly dataArgument: string
  readonly options: PostgresOptions
  readonly log: (line: string) => void
}

/**
 * How the server finds its cluster. Below a folder that its user can't enter (root's home, usually), an absolute path would lead
 * nowhere. Its working directory is set while it is still root, and Linux leads everyone to their own working directory.
 */
async function pathForServer(data: DataDirectory, cluster: string, user: ServerUser | undefined): Promise<string> {
  if (user === undefined || (await canEnter(data.path, user))) return cluster
  if (process.platform === 'linux') return '/proc/self/cwd'
  throw unusable(
    data.path,
    `PostgreSQL can't run as root, and the user that it would run as (uid ${user.uid}) can't enter a folder above it`,
    'Choose a folder that other users can pass through, or start this process as an ordinary user',
  )
}

async function startOnFreePort(launch: Launch): Promise<{ server: ServerProcess; port: number }> {
  const { data, options } = launch
  const last = await rememberedPort(data)
  for (let attempt = 1; ; attempt++) {
    const keepsLast = attempt === 1 && last !== undefined && (await isFree(last))
    const port = options.port ?? (keepsLast ? last : await findFreePort())
    const result = (await isFree(port)) ? await startOnPort(launch, port) : undefined
    if (result && 'pid' in result) return { server: result, port }
    // Someone else may take a free port before PostgreSQL does.
    if (result && (attempt === 5 || (await isFree(port)))) throw startFailed(data, result)
    if (options.port !== undefined)
      throw new PostgresEmbeddedError(
        'port-in-use',
        `Another program listens on 127.0.0.1:${port}. Stop it, or leave the option \`port\` out: a free port is chosen then.`,
        { dataDirectory: data.path, port },
      )
  }
}

async function startOnPort(launch: Launch, port: number): Promise<ServerProcess | FailedStart> {
  const { data, binaries, user, mark, dataArgument, options, log } = launch
  const settings = {
    // The application is told of its errors; a log of them would grow without bound and hold what is in its statements.
    log_min_messages: 'log',
    ...options.settings,
    log_line_prefix: '%m [%p] %e ',
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    port,
  }
  const command = {
    program: binaries.postgres,
    args: ['-D', dataArgument, '-c', mark, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    user,
    environment: options.environment,
    startTimeout: options.startTimeout ?? 60_000,
    log,
  }
  const refusesLockFile = ' F0001 ' // SQL state "lock file exists"
  for (const end = performance.now() + 10_000; ; ) {
    const result = await startServerProcess(data, command)
    // After kill -9 of its main process, PostgreSQL refuses to start while others of its processes live.
    const tooEarly = 'failure' in result && result.log.some((line) => line.includes(refusesLockFile))
    if (!tooEarly || performance.now() > end) return result
    await endStrayProcesses(data, user)
    await setTimeout(100)
  }
}

function startFailed(data: DataDirectory, { failure, log, cause }: FailedStart): PostgresEmbeddedError {
  return new PostgresEmbeddedError(
    'start-failed',
    `PostgreSQL did not start on ${data.path}: ${failure}. The last lines of ${data.logFile}:\n${log.join('\n')}`,
    { dataDirectory: data.path, log },
    cause,
  )
}

interface Running extends Launch {
  readonly server: ServerProcess
  readonly port: number
  readonly lock: DirectoryLock
}

async function handOver({ data, binaries, options, log, server, port, lock }: Running): Promise<PostgresServer> {
  const database = options.database ?? 'postgres'
  const password = (await readNote(data.passwordFile)) ?? ''
  let version: string
  try {
    version = await ensureDatabase({ port, database, password })
    await rememberPort(data, port)
  } catch (error) {
    const { log } = await server.stop()
    const failure = `the database '${database}' can't be used (${error instanceof Error ? error.message : error})`
    throw startFailed(data, { failure, log, cause: error })
  }
  const exited = server.exited.then(async (exit) => {
    await binaries.release()
    await lock.release()
    return exit
  })
  log(`PostgreSQL ${version} is ready on 127.0.0.1:${port}`)
  return {
    connectionString: `postgres://postgres:${password}@127.0.0.1:${port}/${encodeURIComponent(database)}`,
    port,
    database,
    dataDirectory: data.path,
    version,
    pid: server.pid,
    exited,
    stop: async () => {
      await server.stop()
      await exited
    },
  }
}

/** Logs in to the database, and makes it if it is not there. @returns the server's version. */
async function ensureDatabase(target: { port: number; database: string; password: string }): Promise<string> {
  const [absent, alreadyThere] = ['3D000', '42P04']
  try {
    const session = await openSession(target)
    session.close()
    return session.version
  } catch (error) {
    if (!(error instanceof ServerRefusal && error.code === absent)) throw error
  }
  const session = await openSession({ ...target, database: 'postgres' })
  try {
    await session.execute(`CREATE DATABASE "${target.database.replaceAll('"', '""')}"`)
  } catch (error) {
    if (!(error instanceof ServerRefusal && error.code === alreadyThere)) throw error
  } finally {
    session.close()
  }
  return session.version
}
