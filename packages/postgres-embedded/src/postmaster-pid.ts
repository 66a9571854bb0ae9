import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** What a PostgreSQL server says about itself in the file `postmaster.pid` of its cluster. */
export interface PostmasterPid {
  readonly pid: number
  readonly ready: boolean
  /** When the file was last written; in nanoseconds. */
  readonly written: bigint
}

/** @returns undefined where no server runs and the last one stopped in order. */
export async function readPostmasterPid(cluster: string): Promise<PostmasterPid | undefined> {
  const path = join(cluster, 'postmaster.pid')
  try {
    const { mtimeNs: written } = await stat(path, { bigint: true })
    const lines = (await readFile(path, 'utf8')).split('\n')
    const pid = Number(lines[0])
    return pid > 0 ? { pid, ready: lines[7]?.trim() === 'ready', written } : undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
