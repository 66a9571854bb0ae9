import { connect, createServer, type Server, type Socket } from 'node:net'

/** Stands between a store and its server, so that a test can take the server away and bring it back. */
export class TcpProxy {
  private readonly sockets = new Set<Socket>()
  private readonly listening = new Set<Socket>()
  private isDeaf = false
  private server: Server | undefined
  private port = 0
  private readonly target: URL

  constructor(connectionString: string) {
    this.target = new URL(connectionString)
  }

  get connectionString(): string {
    const url = new URL(this.target)
    url.hostname = '127.0.0.1'
    url.port = String(this.port)
    return url.href
  }

  /** Takes connections; the second time at the same port. */
  async open(): Promise<void> {
    const server = createServer((client) => {
      const upstream = connect(Number(this.target.port || 5432), this.target.hostname)
      client.on('data', (text) => text.includes('listen "') && this.listens(client))
      this.join(client, upstream)
      this.join(upstream, client)
    })
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve))
    this.port = (server.address() as { port: number }).port
    this.server = server
  }

  /** Cuts the connections that there are, and refuses others. */
  async cut(): Promise<void> {
    const closed = new Promise((resolve) => this.server?.close(resolve))
    for (const socket of this.sockets) socket.destroy()
    await closed
  }

  /** Cuts the connections on which somebody listens, and those on which they try again; others pass. */
  deafen(): void {
    this.isDeaf = true
    for (const client of this.listening) client.destroy()
  }

  private listens(client: Socket): void {
    this.listening.add(client)
    if (this.isDeaf) client.destroy()
  }

  private join(from: Socket, to: Socket): void {
    this.sockets.add(from)
    from.pipe(to)
    from.on('error', () => to.destroy())
    from.on('close', () => {
      this.sockets.delete(from)
      to.destroy()
    })
  }
}
