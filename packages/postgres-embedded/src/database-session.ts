import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/**
 * Just enough of PostgreSQL's protocol to log in and run a statement without a result. A driver would be a dependency for one
 * CREATE DATABASE, and the binaries of npm come without psql.
 */
export interface DatabaseSession {
  /** As the server says it: `18.4`. */
  readonly version: string
  execute(statement: string): Promise<void>
  close(): void
}

export interface SessionOptions {
  readonly port: number
  readonly database: string
  readonly password: string
}

/** An error that the server reports; `code` is the SQL state, as in `3D000`. */
export class ServerRefusal extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message)
  }
}

interface Message {
  readonly type: string
  readonly body: Buffer
}

/** Logs in as `postgres`. @throws ServerRefusal */
export async function openSession({ port, database, password }: SessionOptions): Promise<DatabaseSession> {
  const socket = connect({ port, host: '127.0.0.1', timeout: 30_000 })
  socket.on('error', () => {}) // whoever waits for an answer gets it, too
  socket.on('timeout', () => socket.destroy(new Error('PostgreSQL did not answer within 30 s.')))
  try {
    await once(socket, 'connect')
    const next = reader(socket)
    const parameters = ['user', 'postgres', 'database', database, 'application_name', '@writ/postgres-embedded', ''].join('\0')
    socket.write(frame('', Buffer.from(`\0\x03\0\0${parameters}\0`)))
    await authenticate(socket, next, password)
    let version = ''
    await untilReady(next, ({ type, body }) => {
      const [name, value] = strings(body)
      if (type === 'S' && name === 'server_version' && value !== undefined) version = value
    })
    return {
      version,
      execute: async (statement) => {
        socket.write(frame('Q', Buffer.from(`${statement}\0`)))
        await untilReady(next)
      },
      close: () => socket.end(frame('X', Buffer.alloc(0))),
    }
  } catch (error) {
    socket.destroy()
    throw error
  }
}

/** SCRAM-SHA-256 (RFC 5802, 7677): the password never crosses the wire, and the server proves that it knows it, too. */
async function authenticate(socket: Socket, next: () => Promise<Message>, password: string): Promise<void> {
  const clientNonce = randomBytes(18).toString('base64')
  const clientFirst = `n=,r=${clientNonce}`
  const expect = async (kind: number): Promise<Buffer> => {
    const { type, body } = await next()
    if (type === 'E') throw refusalOf(body)
    if (type !== 'R' || body.readInt32BE(0) !== kind)
      throw new Error(`PostgreSQL asks for an authentication that was not expected (${type}).`)
    return body.subarray(4)
  }
  await expect(10)
  const first = Buffer.from(`n,,${clientFirst}`)
  const length = Buffer.alloc(4)
  length.writeInt32BE(first.length)
  socket.write(frame('p', Buffer.concat([Buffer.from('SCRAM-SHA-256\0'), length, first])))

  const serverFirst = (await expect(11)).toString()
  const { r: nonce = '', s: salt = '', i: iterations = '' } = attributes(serverFirst)
  if (!nonce.startsWith(clientNonce)) throw new Error('PostgreSQL answers another log-in than this one.')
  const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), Number(iterations), 32, 'sha256')
  const clientKey = hmac(salted, 'Client Key')
  const withoutProof = `c=biws,r=${nonce}`
  const conversation = `${clientFirst},${serverFirst},${withoutProof}`
  const signature = hmac(createHash('sha256').update(clientKey).digest(), conversation)
  const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] ?? 0)))
  socket.write(frame('p', Buffer.from(`${withoutProof},p=${proof.toString('base64')}`)))

  const { v: verifier = '' } = attributes((await expect(12)).toString())
  const expected = hmac(hmac(salted, 'Server Key'), conversation)
  const given = Buffer.from(verifier, 'base64')
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    throw new Error('The server on this port does not know the password of the data folder: it is another server.')
  await expect(0)
}

async function untilReady(next: () => Promise<Message>, visit: (message: Message) => void = () => {}): Promise<void> {
  let refusal: Error | undefined
  for (;;) {
    const message = await next().catch((error: unknown) => {
      throw refusal ?? error
    })
    if (message.type === 'Z') break
    if (message.type === 'E') refusal = refusalOf(message.body)
    visit(message)
  }
  if (refusal) throw refusal
}

/** Reads message by message. */
function reader(socket: Socket): () => Promise<Message> {
  const chunks = socket[Symbol.asyncIterator]()
  let buffer = Buffer.alloc(0)
  return async () => {
    for (;;) {
      const end = buffer.length < 5 ? Number.POSITIVE_INFINITY : 1 + buffer.readInt32BE(1)
      if (buffer.length >= end) {
        const message = { type: buffer.toString('latin1', 0, 1), body: buffer.subarray(5, end) }
        buffer = buffer.subarray(end)
        return message
      }
      const chunk = await chunks.next()
      if (chunk.done) throw new Error('PostgreSQL closed the connection.')
      buffer = Buffer.concat([buffer, chunk.value as Buffer])
    }
  }
}

function frame(type: string, body: Buffer): Buffer {
  const header = Buffer.alloc(type.length + 4)
  header.write(type, 'latin1')
  header.writeInt32BE(4 + body.length, type.length)
  return Buffer.concat([header, body])
}

function refusalOf(body: Buffer): ServerRefusal {
  const fields = new Map(strings(body).map((field) => [field[0], field.slice(1)]))
  return new ServerRefusal(fields.get('C') ?? '', fields.get('M') ?? 'PostgreSQL reports an error without a message.')
}

function strings(body: Buffer): string[] {
  return body.toString('utf8').split('\0')
}

function attributes(message: string): Record<string, string> {
  return Object.fromEntries(message.split(',').map((attribute) => [attribute[0], attribute.slice(2)]))
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
