import type { Socket } from 'node:net'
import { spawnProgram } from './run-program.js'
import type { ServerUser } from './server-user.js'

// Waits for the end of its input, and shuts the server down if the cluster still belongs to it.
const script = 'read -r _; read -r pid < postmaster.pid && [ "$pid" = "$1" ] && kill -INT "$1"'

/**
 * Shuts a server down when this process dies, even by kill -9: a shell waits at the other end of a pipe, which the kernel closes.
 * A shell, because it is everywhere, needs 1 MB, and is not ended by what ends this process.
 *
 * Nothing depends on it for safety: a server that is left behind all the same is stopped by the next start.
 *
 * @returns ends the watchdog; to be called as soon as the server has ended.
 */
export function watchOver(pid: number, cluster: string, user: ServerUser | undefined, log: (line: string) => void): () => void {
  const shell = spawnProgram('/bin/sh', ['-c', script, 'writ-postgres-watchdog', String(pid)], {
    cwd: cluster,
    user,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  shell.on('error', (error) => log(`PostgreSQL would outlive a kill -9 of this process until the next start: ${error.message}`))
  shell.stdin?.on('error', () => {})
  // It must not keep this process alive.
  shell.unref()
  ;(shell.stdin as Socket | null)?.unref()
  return () => void shell.kill('SIGKILL')
}
