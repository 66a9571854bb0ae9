import { createServer, connect as dial, type Socket } from 'node:net'
import { willClose } from './test-store.js'

type Side = 'asked' | 'answered'

/** A TCP proxy before the server that can stop passing on what the server says. */
export interface ServerProxy {
  readonly connectionString: string
  freeze(): void
  thaw(): void
  cut(): void
  /** Cuts all connections, once, when so many more bytes have passed of what clients ask, or of what the server answers. */
  cutAfter(side: Side, bytes: number): void
  /** Whether it has come to that. */
  hasCut(): boolean
  /** Cuts all connections, and takes the next ones to another server. */
  leadTo(connectionString: string): void
}

export async function proxyTo(connectionString: string): Promise<ServerProxy> {
  let target = new URL(connectionString)
  const sockets = new Set<Socket>()
  let isFrozen = false
  let cutting: { readonly side: Side; left: number } | undefined
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
    inbound.on('data', (chunk) => pass('asked', chunk, outbound))
    // What is said while it is frozen is lost, as behind a dead link.
    outbound.on('data', (chunk) => isFrozen || pass('answered', chunk, inbound))
  })
  const pass = (side: Side, chunk: Buffer, to: Socket) => {
    if (cutting?.side !== side || chunk.length < cutting.left) {
      if (cutting?.side === side) cutting.left -= chunk.length
      to.write(chunk)
    } else {
      to.write(chunk.subarray(0, cutting.left), cut)
      cutting = undefined
    }
  }
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
    cutAfter: (side, bytes) => {
      cutting = { side, left: bytes }
    },
    hasCut: () => cutting === undefined,
    leadTo: (other) => {
      target = new URL(other)
      cut()
    },
  }
}
