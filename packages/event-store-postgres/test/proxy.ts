import { createServer, connect as dial, type Socket } from 'node:net'
import { willClose } from './test-store.js'

/** A TCP proxy before the server that can stop passing on what the server says. */
export interface ServerProxy {
  readonly connectionString: string
  freeze(): void
  thaw(): void
  cut(): void
  /** Cuts all connections, and takes the next ones to another server. */
  leadTo(connectionString: string): void
}

export async function proxyTo(connectionString: string): Promise<ServerProxy> {
  let target = new URL(connectionString)
  const sockets = new Set<Socket>()
  let isFrozen = false
  const server = createServer((inbound) => {
    const outbound = dial(Number(target.port || 5432), target.hostname)
    for (const socket of [inbound, outbound]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        inbound.destroy()
        outbound.destroy()
      })
    }
    inbound.on('data', (chunk) => outbound.write(chunk))
    // What is said while it is frozen is lost, as behind a dead link.
    outbound.on('data', (chunk) => isFrozen || inbound.write(chunk))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  willClose({
    stop: async () => {
      cut()
      server.close()
    },
  })
  const proxied = new URL(connectionString)
  proxied.hostname = '127.0.0.1'
  proxied.port = String((server.address() as { port: number }).port)
  return {
    connectionString: proxied.href,
    freeze: () => {
      isFrozen = true
    },
    thaw: () => {
      isFrozen = false
    },
    cut,
    leadTo: (other) => {
      target = new URL(other)
      cut()
    },
  }
}
