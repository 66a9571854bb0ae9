import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What a PostgreSQL server says about itself in the file `postmaster.pid` of its cluster. */
export interface PostmasterPid {
  readonly pid: number
  readonly ready: boolean
}

/** @returns undefined where no server runs and the last one stopped in order. */
export async function readPostmasterPid(cluster: string): Promise<PostmasterPid | undefined> {
  const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  const lines = text.split('\n')
  const pid = Number(lines[0])
  return pid > 0 ? { pid, ready: lines[7]?.trim() === 'ready' } : undefined
}
