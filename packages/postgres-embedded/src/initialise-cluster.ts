import { randomBytes } from 'node:crypto'
import { chmod, chown, mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Binaries } from './binaries.js'
import { type DataDirectory, makeUnfinishedFolder } from './data-directory.js'
import { renameDurably } from './durable-file.js'
import { PostgresEmbeddedError } from './postgres-embedded-error.js'
import { runProgram } from './run-program.js'
import type { ServerUser } from './server-user.js'

/**
 * Makes a new cluster with initdb: UTF-8, the same order of text on every machine (built-in C.UTF-8), page checksums, UTC, and a
 * random password for its one user `postgres`.
 *
 * It is made in a folder beside its place and renamed when it is complete: a cluster that is there is whole.
 */
export async function initialiseCluster(
  data: DataDirectory,
  binaries: Binaries,
  user: ServerUser | undefined,
  locate: (cluster: string) => Promise<string>,
): Promise<void> {
  const unfinished = await makeUnfinishedFolder(data.path)
  const cluster = join(unfinished, 'cluster')
  const password = join(unfinished, 'password')
  await mkdir(cluster, { mode: 0o700 })
  const file = await open(password, 'wx', 0o600)
  await file.writeFile(`${randomBytes(24).toString('base64url')}\n`)
  await file.sync()
  await file.close()
  if (user) for (const path of [cluster, password]) await chown(path, user.uid, user.gid)

  const { code, output, error } = await runProgram(
    binaries.initdb,
    [
      `--pgdata=${await locate(cluster)}`,
      '--username=postgres',
      '--pwfile=../password',
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--data-checksums',
      '--no-instructions',
    ],
    { cwd: cluster, user },
  )
  if (code !== 0) {
    await rm(unfinished, { recursive: true, force: true, maxRetries: 5 })
    if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT')
      throw new PostgresEmbeddedError(
        'unsupported-platform',
        `The PostgreSQL binaries can't run here: they need glibc, which Alpine Linux does not have. ` +
          'Use a system or an image with glibc, or set DATABASE_URL to a server of your own.',
        { platform: `${process.platform}-${process.arch}`, dataDirectory: data.path },
        error,
      )
    throw new PostgresEmbeddedError(
      'start-failed',
      `initdb could not make a cluster in ${data.path}. Its last lines:\n${output.join('\n')}`,
      { dataDirectory: data.path, log: output },
      error,
    )
  }
  if (user) await chown(password, process.getuid?.() ?? 0, process.getgid?.() ?? 0)
  await chmod(password, 0o600)
  // The password first: a cluster without one would be lost.
  await renameDurably(password, data.passwordFile)
  await renameDurably(cluster, data.cluster)
  await rm(unfinished, { recursive: true, force: true })
}
