import { connect, createServer, type Server, type Socket } from 'node:net'

/** Stands between the bank and its database, so that a test can take the database away and bring it back. */
export class TcpProxy {
  private readonly sockets = new Set<Socket>()
  private server: Server | undefined
  private port = 0
  private isFrozen = false

  constructor(private readonly target: { readonly host: string; readonly port: number }) {}

  /** The same address through the proxy. */
  through(connectionString: string): string {
    const url = new URL(connectionString)
    url.hostname = '127.0.0.1'
    url.port = String(this.port)
    return url.href
  }

  /** The second time at the same port. */
  async open(): Promise<void> {
    this.isFrozen = false
    const server = createServer((client) => {
      const upstream = connect(this.target.port, this.target.host)
      for (const [from, to] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        this.sockets.add(from)
        if (!this.isFrozen) from.pipe(to)
        from.on('error', () => to.destroy())
        from.on('close', () => {
          this.sockets.delete(from)
          to.destroy()
        })
      }
    })
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve))
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('The proxy has no port.')
    this.port = address.port
    this.server = server
  }

  /** Refuses connections, and cuts those that there are. */
  async cut(): Promise<void> {
    const closed = new Promise((resolve) => this.server?.close(resolve))
    for (const socket of this.sockets) socket.destroy()
    await closed
  }

  /** Goes on taking connections, and passes nothing on: a machine that has vanished. */
  freeze(): void {
    this.isFrozen = true
    for (const socket of this.sockets) socket.unpipe().pause()
  }
}
