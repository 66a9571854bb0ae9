import { readFile, realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { PostgresEmbeddedError } from './postgres-embedded-error.js'

/** The user that the server's processes change to. */
export interface ServerUser {
  readonly uid: number
  readonly gid: number
}

/**
 * Who runs the server. PostgreSQL refuses to run as root: where this process is root, the server runs as the owner of the existing
 * cluster, or as `nobody` (initdb needs a user that the system knows by name, so no invented number will do).
 *
 * @param cluster the folder that PostgreSQL writes; it need not exist.
 * @returns undefined where the server runs as this process does.
 */
export async function serverUser(cluster: string): Promise<ServerUser | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const owner = await stat(cluster).catch(() => undefined)
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid }
  const accounts = await readFile('/etc/passwd', 'utf8').catch(() => '')
  const [, , uid, gid] =
    accounts
      .split('\n')
      .find((line) => line.startsWith('nobody:'))
      ?.split(':') ?? []
  if (uid === undefined || gid === undefined)
    throw new PostgresEmbeddedError(
      'no-unprivileged-user',
      'PostgreSQL refuses to run as root, and this system has no user `nobody` to run it as. ' +
        'Start this process as an ordinary user, or set DATABASE_URL to a server of your own.',
    )
  // Some systems write nobody's number as -2.
  return { uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 }
}

/** Whether the user may enter a folder and every folder above it. */
export async function canEnter(folder: string, user: ServerUser): Promise<boolean> {
  const path = await realpath(folder)
  const { uid, gid, mode } = await stat(path)
  const searchBit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001
  if ((mode & searchBit) === 0) return false
  return path === dirname(path) || canEnter(dirname(path), user)
}
