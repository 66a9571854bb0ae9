import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:fs'
import { type FileHandle, open, rename, stat } from 'node:fs/promises'
import type { DataDirectory } from './data-directory.js'
import { signalAtExit } from './exit-of-this-process.js'
import { readPostmasterPid } from './postmaster-pid.js'
import { lastLines, spawnProgram } from './run-program.js'
import type { ServerUser } from './server-user.js'
import { waitUntil } from './wait-until.js'
import { watchOver } from './watchdog.js'

/** How a server came to its end. */
export interface PostgresExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** Whether `stop()` was called before. */
  readonly requested: boolean
  /** The last lines of the server's log. */
  readonly log: readonly string[]
}

/** One run of the program `postgres`. */
export interface ServerProcess {
  readonly pid: number
  readonly exited: Promise<PostgresExit>
  /** Shuts down in order: open transactions are rolled back, everything acknowledged is on disk. */
  stop(): Promise<PostgresExit>
}

/** Why a server did not become ready. */
export interface FailedStart {
  readonly failure: string
  readonly log: readonly string[]
  readonly cause?: unknown
}

export interface ServerCommand {
  readonly program: string
  readonly args: readonly string[]
  readonly user: ServerUser | undefined
  readonly environment: Readonly<Record<string, string>> | undefined
  /** In milliseconds. */
  readonly startTimeout: number
  readonly log: (line: string) => void
}

/** Starts `postgres` and waits until it accepts connections. */
export async function startServerProcess(data: DataDirectory, command: ServerCommand): Promise<ServerProcess | FailedStart> {
  const { user, environment, log } = command
  // A container that starts again may give the server the pid of the one before.
  const last = await readPostmasterPid(data.cluster)
  const file = await openLog(data.logFile, user)
  const { size: beginning } = await file.stat()
  const logLines = () => readLines(data.logFile, beginning)
  const child = spawnProgram(command.program, command.args, {
    cwd: data.cluster,
    user,
    environment,
    stdio: ['ignore', file.fd, file.fd],
  })
  const { pid } = child
  if (pid === undefined) {
    const cause = await once(child, 'error').then(([error]) => error as Error)
    await file.close()
    return { failure: `the program could not be started (${cause.message})`, log: [], cause }
  }
  // Nothing may be awaited before this: a server that gives up at once would end unseen.
  const exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  const forgetSignal = signalAtExit(pid)
  const dismissWatchdog = watchOver(pid, data.cluster, user, log)

  let requested = false
  let running = true
  const exited = exit.then(async ([code, signal]): Promise<PostgresExit> => {
    running = false
    forgetSignal()
    dismissWatchdog()
    return { code, signal, requested, log: await logLines() }
  })
  const stop = async () => {
    requested = true
    await shutDown(child, () => !running, log)
    return exited
  }

  await file.close()
  const slow = setInterval(() => log('PostgreSQL is still starting; after a crash it may have much to recover'), 5_000)
  const ready = async () => {
    const state = await readPostmasterPid(data.cluster)
    return state?.pid === pid && state.ready && state.written !== last?.written
  }
  let answered = false
  try {
    answered = await waitUntil(async () => !running || (await ready()), command.startTimeout)
    if (running && answered) return { pid, exited, stop }
  } finally {
    clearInterval(slow)
    if (running && !answered) await stop()
  }
  const { code, signal, log: lines } = await exited
  const failure = answered
    ? `it ended with ${signal === null ? `code ${code}` : `signal ${signal}`}`
    : `it was not ready after ${command.startTimeout} ms (option startTimeout)`
  return { failure, log: lines }
}

async function shutDown(child: ChildProcess, ended: () => boolean, log: (line: string) => void): Promise<void> {
  child.kill('SIGINT') // "fast": rolls back open transactions, writes a checkpoint
  if (await waitUntil(ended, 30_000)) return
  log('PostgreSQL does not shut down within 30 s; ending it at once, it will recover at the next start')
  child.kill('SIGQUIT') // "immediate": as a crash; what is acknowledged is in the write-ahead log
  if (await waitUntil(ended, 10_000)) return
  child.kill('SIGKILL')
}

/** Opens the log for appending; beyond 5 MB it begins anew, and the old one stays as `server.log.1`. */
async function openLog(path: string, user: ServerUser | undefined): Promise<FileHandle> {
  const size = await stat(path).then(
    (entry) => entry.size,
    () => 0,
  )
  if (size > 5_000_000) await rename(path, `${path}.1`)
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = constants
  const file = await open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600)
  if (user) await file.chown(user.uid, user.gid)
  return file
}

async function readLines(path: string, from: number): Promise<readonly string[]> {
  const file = await open(path, 'r').catch(() => undefined)
  if (!file) return []
  try {
    const { size } = await file.stat()
    const start = Math.max(from, size - 16_000)
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(Math.max(size - start, 1)), position: start })
    return lastLines(buffer.toString('utf8', 0, bytesRead))
  } finally {
    await file.close()
  }
}
