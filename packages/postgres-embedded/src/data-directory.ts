import { access, chmod, constants, mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { writeDurably } from './durable-file.js'
import { PostgresEmbeddedError } from './postgres-embedded-error.js'
import type { ServerUser } from './server-user.js'

/**
 * A data folder. PostgreSQL's own files are in a folder of their own inside it, which comes into being whole, by a rename:
 *
 *     <directory>/cluster      PostgreSQL's data ("PGDATA"); belongs to the user that runs the server, mode 0700
 *     <directory>/password     the password of the user `postgres`; mode 0600
 *     <directory>/port         the port of the last run
 *     <directory>/server.log   PostgreSQL's log
 */
export interface DataDirectory {
  /** Absolute and free of symbolic links. */
  readonly path: string
  readonly cluster: string
  readonly passwordFile: string
  readonly portFile: string
  readonly logFile: string
}

/**
 * Makes the folder if it is not there. Touches nothing in it.
 *
 * @throws PostgresEmbeddedError `data-directory-unusable`.
 */
export async function openDataDirectory(chosen: string): Promise<DataDirectory> {
  const path = await makeFolder(resolve(chosen)).catch((error: NodeJS.ErrnoException) => {
    throw unusable(
      resolve(chosen),
      `it can't be made or written (${error.code ?? error.message})`,
      'Choose a folder that this user may write',
      error,
    )
  })
  if (await exists(join(path, 'PG_VERSION')))
    throw unusable(
      path,
      'it holds a cluster that was not made by this package',
      `Choose another folder, or move PostgreSQL's files into ${join(path, 'cluster')} and the password of its user postgres into ${join(path, 'password')}`,
    )
  return {
    path,
    cluster: join(path, 'cluster'),
    passwordFile: join(path, 'password'),
    portFile: join(path, 'port'),
    logFile: join(path, 'server.log'),
  }
}

async function makeFolder(path: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true })
  try {
    // Where root starts the server, another user runs it and must pass through; what is inside is closed by itself.
    await mkdir(path, { mode: 0o700 })
    if (process.getuid?.() === 0) await chmod(path, 0o711)
    // It holds a password: keep it out of the repository that it may stand in.
    await writeFile(join(path, '.gitignore'), '*\n', { flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  // access() says no more than "permission denied" about a file in the folder's place; this says ENOTDIR.
  await readdir(path)
  await access(path, constants.W_OK | constants.X_OK)
  return realpath(path)
}

/**
 * @returns whether the folder holds a cluster that these binaries can serve; false where it holds none yet.
 * @throws PostgresEmbeddedError `data-directory-version-mismatch`, `data-directory-unusable`.
 */
export async function holdsCluster(data: DataDirectory, majorVersion: string, user: ServerUser | undefined): Promise<boolean> {
  const folder = await stat(data.cluster).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (!folder) return false
  const uid = user?.uid ?? process.getuid?.()
  if (folder.uid !== uid)
    throw unusable(
      data.path,
      `its cluster belongs to the user with uid ${folder.uid}, and the server would run as uid ${uid}`,
      `Start this process as the user that made it, or give the folder away: chown -R ${uid} '${data.cluster}' '${data.passwordFile}'`,
    )
  const foundVersion = (await readFile(join(data.cluster, 'PG_VERSION'), 'utf8').catch(() => '')).trim()
  if (foundVersion === '')
    throw unusable(data.path, 'its folder `cluster` has no file PG_VERSION', 'Restore it from a backup, or choose another folder')
  if (foundVersion !== majorVersion)
    throw new PostgresEmbeddedError(
      'data-directory-version-mismatch',
      `The data folder ${data.path} was written by PostgreSQL ${foundVersion}, and these binaries are PostgreSQL ${majorVersion}, which can't read it. ` +
        `Dump it with PostgreSQL ${foundVersion} (pg_dumpall) and load the dump into a new folder, or use the version of this package that made it.`,
      { dataDirectory: data.path, foundVersion, expectedVersion: majorVersion },
    )
  if (!(await exists(data.passwordFile)))
    throw unusable(
      data.path,
      `the file ${data.passwordFile} with its password is gone`,
      'Restore that file, or choose another folder',
    )
  return true
}

/** The text of a small file in the data folder; undefined where it is not there. */
export async function readNote(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  )
}

export async function rememberPort(data: DataDirectory, port: number): Promise<void> {
  if ((await readNote(data.portFile)) !== String(port)) await writeDurably(data.portFile, `${port}\n`)
}

export async function rememberedPort(data: DataDirectory): Promise<number | undefined> {
  const port = Number(await readNote(data.portFile))
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined
}

/** A new folder for something that gets its place by a rename when it is complete. */
export async function makeUnfinishedFolder(directory: string): Promise<string> {
  const folder = await mkdtemp(join(directory, 'unfinished-'))
  // The server's user may be another one than this process's, and must pass through.
  if (process.getuid?.() === 0) await chmod(folder, 0o711)
  return folder
}

/** Removes what killed processes left half-done. The caller holds the folder's lock. */
export async function removeLeftovers(data: DataDirectory): Promise<void> {
  const halfDone = /^(unfinished-.{6}|(password|port|temporary-binaries)\.[0-9a-f]{12})$/
  // An initdb whose parent was killed may still be writing; what can't be removed now goes the next time.
  for (const name of await readdir(data.path))
    if (halfDone.test(name)) await rm(join(data.path, name), { recursive: true, force: true, maxRetries: 5 }).catch(() => {})
}

export function unusable(dataDirectory: string, why: string, remedy: string, cause?: unknown): PostgresEmbeddedError {
  return new PostgresEmbeddedError(
    'data-directory-unusable',
    `The data folder ${dataDirectory} can't be used: ${why}. ${remedy}.`,
    { dataDirectory },
    cause,
  )
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
