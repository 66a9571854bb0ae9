import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs'
import { open, rm, stat } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { PostgresEmbeddedError } from './postgres-embedded-error.js'

/** Held by one process at a time; the kernel lets go of it when that process ends, however it ends. */
export interface DirectoryLock {
  release(): Promise<void>
}

/**
 * Takes the one lock of a data folder.
 *
 * A file with a pid goes stale after kill -9 and lies after the pid is used again. So the lock is something that the kernel takes
 * back by itself: on Linux a listening socket in the abstract namespace, named after the folder's device and inode (every path to
 * the folder gives the same name, a copy of the folder another one); on macOS an open file with an exclusive lock.
 *
 * @throws PostgresEmbeddedError `data-directory-in-use`.
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  return process.platform === 'darwin' ? lockByFile(directory) : lockBySockets(directory)
}

async function lockBySockets(directory: string): Promise<DirectoryLock> {
  const { dev, ino } = await stat(directory, { bigint: true })
  const name = `\0writ-postgres-${dev}-${ino}`
  const server = await listen(name)
  if (server === 'taken') throw inUse(directory, (await askHolder(name)) ?? undefined)
  try {
    const releaseSocket = await listenInside(directory)
    return { release: async () => void (await Promise.all([close(server), releaseSocket()])) }
  } catch (error) {
    await close(server)
    throw error
  }
}

/**
 * Listens on a socket in the folder, too: another container that shares the folder has abstract names of its own, but hears this one.
 *
 * @throws PostgresEmbeddedError `data-directory-in-use` where another one listens there.
 */
async function listenInside(directory: string): Promise<() => Promise<void>> {
  // A socket's path may have no more than 107 bytes; through an open folder it is short.
  const folder = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY)
  const path = `/proc/self/fd/${folder.fd}/lock.sock`
  try {
    const holder = await askHolder(path)
    if (holder !== null) throw inUse(directory, holder)
    await rm(path, { force: true })
    const server = await listen(path).catch(() => 'no sockets on this file system')
    return async () => {
      if (typeof server !== 'string') await close(server)
      await folder.close()
    }
  } catch (error) {
    await folder.close()
    throw error
  }
}

function listen(path: string): Promise<Server | 'taken'> {
  const server = createServer((socket) => socket.on('error', () => {}).end(String(process.pid)))
  return new Promise((resolve, reject) => {
    server.on('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve('taken') : reject(error)))
    // A cluster worker would otherwise share the socket of its siblings; every user may ask for the pid.
    server.listen({ path, exclusive: true, writableAll: !path.startsWith('\0') }, () => resolve(server.unref()))
  })
}

function close(server: Server): Promise<void> {
  return new Promise((done) => server.close(() => done()))
}

/** The holder's pid; undefined where it is too busy to answer; null where nobody listens. */
function askHolder(path: string): Promise<number | undefined | null> {
  return new Promise((resolve) => {
    let connected = false
    const socket = connect({ path, timeout: 1_000 })
    socket.on('connect', () => {
      connected = true
    })
    socket.on('timeout', () => socket.destroy())
    socket.on('data', (pid) => resolve(Number(pid)))
    socket.on('error', () => {})
    socket.on('close', () => resolve(connected ? undefined : null))
  })
}

async function lockByFile(directory: string): Promise<DirectoryLock> {
  const path = join(directory, 'lock')
  const exclusiveLock = 0x20 // O_EXLOCK of BSD: opening and locking are one step.
  const { O_RDWR, O_CREAT, O_NONBLOCK, O_NOFOLLOW } = constants
  try {
    const file = openSync(path, O_RDWR | O_CREAT | O_NONBLOCK | O_NOFOLLOW | exclusiveLock, 0o600)
    writeSync(file, String(process.pid).padEnd(20), 0)
    return { release: async () => closeSync(file) }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    throw inUse(directory, Number(readFileSync(path, 'utf8')) || undefined)
  }
}

function inUse(dataDirectory: string, pid: number | undefined): PostgresEmbeddedError {
  return new PostgresEmbeddedError(
    'data-directory-in-use',
    `The data folder ${dataDirectory} is in use by ${pid === undefined ? 'another process' : `process ${pid}`}: two servers on one folder would destroy it. ` +
      'Stop that process, connect to its server, or choose another data folder.',
    { dataDirectory, pid },
  )
}
