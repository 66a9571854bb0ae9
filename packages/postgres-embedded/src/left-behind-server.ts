import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { DataDirectory } from './data-directory.js'
import { PostgresEmbeddedError } from './postgres-embedded-error.js'
import { readPostmasterPid } from './postmaster-pid.js'
import { runProgram } from './run-program.js'
import { findProcess, type RunningProcess } from './running-process.js'
import type { ServerUser } from './server-user.js'
import { waitUntil } from './wait-until.js'

const markPrefix = 'writ.data_folder='

/** Stands in the command line of the folder's servers, so that a later start knows them; a copy of the folder has another one. */
export async function serverMark(dataDirectory: string): Promise<string> {
  const { dev, ino } = await stat(dataDirectory, { bigint: true })
  // Closed by a bracket: no folder's mark is the beginning of another's.
  return `${markPrefix}[${dev}-${ino}]`
}

/**
 * Stops the server that a killed process left behind on a cluster, if there is one, and waits until it is gone.
 * It is stopped rather than adopted: its exit, its settings and its log belong to a process that no longer exists.
 * The caller holds the folder's lock, so no living process owns that server.
 *
 * @throws PostgresEmbeddedError `data-directory-in-use` where the server may be one that someone else started, or does not stop.
 */
export async function stopLeftBehindServer(data: DataDirectory, mark: string, log: (line: string) => void): Promise<void> {
  const pid = (await readPostmasterPid(data.cluster))?.pid
  const found = pid === undefined ? undefined : await findProcess(pid)
  if (pid === undefined || !found) return
  if (!found.command.includes(mark)) {
    if (mayServe(found)) throw inUse(data.path, pid, 'was not started by this package')
    // The pid has gone to a stranger, as pids do when a container starts again. PostgreSQL can't know that, and would refuse to start.
    await rm(join(data.cluster, 'postmaster.pid'), { force: true })
    return
  }
  log(`stopping the PostgreSQL server that an ended process left behind (pid ${pid})`)
  const gone = async () => !(await findProcess(pid))?.command.includes(mark)
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    if (!(await gone())) process.kill(pid, signal)
    if (await waitUntil(gone, 30_000)) return
  }
  throw inUse(data.path, pid, 'does not stop')
}

/**
 * Ends what is left of a server whose main process was killed. Most of its processes notice by themselves; one in the middle of a long
 * query does not, and PostgreSQL refuses to start beside it. Where there is no /proc, they have to be waited for.
 *
 * The caller holds the folder's lock, and no main process runs.
 */
export async function endStrayProcesses(data: DataDirectory, user: ServerUser | undefined): Promise<void> {
  // The server's processes work in the cluster. Only their own user may always see where they work, so it is asked to look.
  const script = `for process in /proc/[0-9]*; do
    [ "$process/cwd" -ef . ] && grep -q '^postgres: ' "$process/cmdline" && kill -QUIT "\${process#/proc/}"
  done`
  await runProgram('/bin/sh', ['-c', script], { cwd: data.cluster, user })
}

/** Whether a process may be the server of this folder: a main process of PostgreSQL that was not started for another folder. */
function mayServe({ program, command }: RunningProcess): boolean {
  const isChild = command.startsWith('postgres: ')
  return ['postgres', 'postmaster'].includes(program) && !isChild && !command.includes(markPrefix)
}

function inUse(dataDirectory: string, pid: number, why: string): PostgresEmbeddedError {
  return new PostgresEmbeddedError(
    'data-directory-in-use',
    `The data folder ${dataDirectory} is in use by the PostgreSQL server with pid ${pid}, which ${why}. ` +
      'Stop that server, or choose another data folder.',
    { dataDirectory, pid },
  )
}
