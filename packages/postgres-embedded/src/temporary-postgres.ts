import { chmod, lstat, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { removeTemporaryCopy } from './binaries.js'
import { openDataDirectory } from './data-directory.js'
import { lockDirectory } from './directory-lock.js'
import { serverMark, stopLeftBehindServer } from './left-behind-server.js'
import { refuseOthersThanTemporary, type TemporaryPostgresOptions } from './postgres-options.js'
import { type PostgresServer, startPostgres } from './start-postgres.js'

const prefix = 'writ-postgres-data-'

/**
 * Starts PostgreSQL on a new private folder for temporary files, which goes when the server ends. For tests.
 * It is as durable as any other; tests that can do without pass `settings: { fsync: 'off' }`.
 *
 * @throws PostgresEmbeddedError
 */
export async function startTemporaryPostgres(options: TemporaryPostgresOptions = {}): Promise<PostgresServer> {
  refuseOthersThanTemporary(options)
  await removeAbandonedFolders()
  const dataDirectory = await mkdtemp(join(tmpdir(), prefix))
  if (process.getuid?.() === 0) await chmod(dataDirectory, 0o711)
  const remove = () => rm(dataDirectory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  try {
    const server = await startPostgres({ ...options, dataDirectory })
    const exited = server.exited.finally(remove)
    return {
      ...server,
      exited,
      stop: async () => {
        await server.stop()
        await exited
      },
    }
  } catch (error) {
    await remove()
    throw error
  }
}

/** Removes what killed processes of this user left behind. */
async function removeAbandonedFolders(): Promise<void> {
  for (const name of await readdir(tmpdir()).catch((): string[] => [])) {
    if (!name.startsWith(prefix)) continue
    const folder = join(tmpdir(), name)
    // Whoever made a folder just now may not have locked it yet.
    const entry = await lstat(folder).catch(() => undefined)
    if (!entry?.isDirectory() || entry.uid !== process.getuid?.() || Date.now() - entry.ctimeMs < 60_000) continue
    await removeUnlessInUse(folder).catch(() => {})
  }
}

async function removeUnlessInUse(folder: string): Promise<void> {
  const lock = await lockDirectory(folder)
  try {
    const data = await openDataDirectory(folder)
    await stopLeftBehindServer(data, await serverMark(data.path), () => {})
    await removeTemporaryCopy(data.path)
    await rm(folder, { recursive: true, force: true })
  } finally {
    await lock.release()
  }
}
