const servers = new Set<number>()

function signalAll(): void {
  for (const pid of servers) {
    try {
      process.kill(pid, 'SIGINT')
    } catch {
      // It has ended by itself.
    }
  }
}

/**
 * Asks a server to shut down when this process exits without having stopped it. One listener serves all servers.
 *
 * @returns takes the request back.
 */
export function signalAtExit(pid: number): () => void {
  if (servers.size === 0) process.on('exit', signalAll)
  servers.add(pid)
  return () => {
    servers.delete(pid)
    if (servers.size === 0) process.removeListener('exit', signalAll)
  }
}
