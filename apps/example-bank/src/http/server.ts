import { type Server, STATUS_CODES } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { createAdaptorServer } from '@hono/node-server'
import { StartError } from '../start-error.js'

export interface Listening {
  readonly port: number
  /** Takes no more connections, lets the requests under way finish, and cuts those that take longer than this: milliseconds. */
  close(patience: number): Promise<void>
}

export interface ListenOptions {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  readonly fetch: (request: Request) => Response | Promise<Response>
}

/** @throws StartError when the port can't be had */
export async function listen({ host, port, fetch }: ListenOptions): Promise<Listening> {
  const server = createAdaptorServer({
    fetch,
    serverOptions: { headersTimeout: 10_000, requestTimeout: 60_000, maxHeaderSize: 16_384 },
  }) as Server
  server.on('clientError', answerNonsense)
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(whyNot(error, host, port)))
    server.listen(port, host, resolve)
  })
  return { port: (server.address() as AddressInfo).port, close: (patience) => close(server, sockets, patience) }
}

/** What is no HTTP never becomes a request; whoever sent it is told all the same, in the form of all other problems. */
function answerNonsense(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy()
  const { status, code, detail } = nonsense[error.code ?? ''] ?? {
    status: 400,
    code: 'bad-request',
    detail: 'This is no HTTP/1.1 request.',
  }
  const body = JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status, code, detail })
  const headers = `Connection: close\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}`
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${headers}\r\n\r\n${body}`)
}

const nonsense: Readonly<Record<string, { readonly status: number; readonly code: string; readonly detail: string }>> = {
  HPE_HEADER_OVERFLOW: { status: 431, code: 'headers-too-large', detail: 'The headers may have 16 KiB in all.' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, code: 'request-too-slow', detail: 'The request did not arrive in time.' },
}

async function close(server: Server, sockets: ReadonlySet<Socket>, patience: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  const over = new AbortController()
  const cut = sleep(patience, undefined, { signal: over.signal }).then(
    () => server.closeAllConnections(),
    () => 'all of them finished in time',
  )
  // A connection that becomes idle after its last answer would stay open for its keep-alive; one that a client has opened in advance does
  // not count as idle.
  const idle = setInterval(() => {
    server.closeIdleConnections()
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy()
  }, 50)
  await closed
  clearInterval(idle)
  over.abort()
  await cut
}

function whyNot(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === 'EADDRINUSE')
    return new StartError(`Port ${port} is in use. Stop what listens there, or set PORT to another one.`)
  if (error.code === 'EACCES')
    return new StartError(`Port ${port} needs rights that this process lacks. Set PORT to one from 1024 on.`)
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND')
    return new StartError(`This machine has no address '${host}'. Correct HOST.`)
  return error
}
