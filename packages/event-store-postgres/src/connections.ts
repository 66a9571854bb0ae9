import { StoreUnavailableError } from '@writ/event-store'
import pg from 'pg'
import type { CheckedOptions } from './options.js'
import { failureOf, isConnectionBroken, translated } from './postgres-failure.js'
import { Watchdog } from './watchdog.js'

/** A statement that is prepared once a connection, under its name. */
export interface Statement {
  readonly name: string
  readonly text: string
}

/** Values as the driver sends them: a Buffer goes as binary, everything else as text. */
export type Values = readonly (string | number | boolean | Buffer | null)[]
/** All columns arrive as text: what they mean is known where they are read. */
export type Row = readonly (string | null)[]

const asText = { getTypeParser: () => (value: string) => value }

/** The store's connections: its own pools, or the user's. A client that failed is closed, never handed out again. */
export class Connections {
  private readonly work: pg.Pool
  private readonly appends: pg.Pool
  private readonly isOwn: boolean
  private readonly watchdog: Watchdog
  private readonly backends = new Set<number>()
  private readonly known = new WeakSet<pg.PoolClient>()

  constructor(
    private readonly options: CheckedOptions,
    /** Called when a connection was lost: the next one may lead to another server. */
    private readonly onBroken: () => void = () => {},
  ) {
    const { source, statementTimeout, runtime } = options
    this.watchdog = new Watchdog(runtime, statementTimeout)
    this.isOwn = 'connectionString' in source
    if ('pool' in source) {
      this.work = source.pool
      this.appends = source.pool
    } else {
      const settings = {
        connectionString: source.connectionString,
        connectionTimeoutMillis: Math.min(statementTimeout, 10_000),
        statement_timeout: statementTimeout,
        keepAlive: true,
      }
      this.work = new pg.Pool({ ...settings, max: source.poolSize })
      this.appends = new pg.Pool({ ...settings, max: 2, idleTimeoutMillis: 0 })
    }
    // An idle connection that breaks tells its pool, and a pool that nobody listens to ends the process.
    for (const pool of this.pools) pool.on('error', this.onIdleError)
  }

  /** How many batches may be under way at once: two, but not all connections of a small pool. */
  get batchesAtOnce(): number {
    return this.isOwn ? 2 : Math.max(1, Math.min(2, (this.work.options.max ?? 10) - 1))
  }

  /** Whether a server process works for one of these connections. */
  isOwnBackend(processId: number): boolean {
    return this.backends.has(processId)
  }

  /** A connection that belongs to no pool, made with the same settings: for listening. */
  separateClient(): pg.Client {
    const { Client = pg.Client } = this.work as unknown as { Client?: typeof pg.Client }
    return new Client(this.work.options)
  }

  /** One statement on its own that writes nothing. */
  async read(operation: string, statement: Statement, values: Values): Promise<Row[]> {
    return this.using(operation, (client) => this.run(client, statement, values), { writes: false })
  }

  /** One statement on its own that may write. */
  async write(operation: string, statement: Statement, values: Values): Promise<Row[]> {
    return this.using(operation, (client) => this.run(client, statement, values), { writes: true })
  }

  /** Lends a client; errors come out as the port promises them. */
  async using<T>(operation: string, work: (client: pg.PoolClient) => Promise<T>, { writes }: { writes: boolean }): Promise<T> {
    const client = await this.checkOut(operation)
    let result: T
    try {
      result = await work(client)
    } catch (error) {
      this.giveBack(client, error)
      throw translated(error, operation, writes)
    }
    this.giveBack(client)
    return result
  }

  /** @throws StoreUnavailableError, nothing having been sent */
  checkOutForAppend(): Promise<pg.PoolClient> {
    return this.checkOutOf(this.appends, 'append')
  }

  /** @throws StoreUnavailableError, nothing having been sent */
  checkOut(operation: string): Promise<pg.PoolClient> {
    return this.checkOutOf(this.work, operation)
  }

  giveBack(client: pg.PoolClient, error?: unknown, isBroken = error !== undefined && isConnectionBroken(error)): void {
    if (isBroken) this.onBroken()
    client.release(isBroken)
  }

  /** One statement on a client that was lent; the driver's errors come out as they are. */
  async run(client: pg.ClientBase, { name, text }: Statement, values: Values): Promise<Row[]> {
    const result = await this.watched(client, () =>
      client.query<(string | null)[]>({ name, text, values: values as never[], rowMode: 'array', types: asText }),
    )
    return result.rows
  }

  /** The same for a statement that is planned anew each time, with its values known. */
  async runUnprepared(client: pg.ClientBase, text: string, values: readonly unknown[]): Promise<Row[]> {
    const result = await this.watched(client, () =>
      client.query<(string | null)[]>({ text, values: [...values], rowMode: 'array', types: asText }),
    )
    return result.rows
  }

  /** Ends a client whose statement does not come back; the statement then fails as cut off. */
  async watched<T>(client: pg.ClientBase, statement: () => Promise<T>): Promise<T> {
    const watched = this.watchdog.watch(() => {
      this.options.logger.warn(
        { milliseconds: this.options.statementTimeout },
        'A statement was given up; its connection is closed',
      )
      destroy(client)
    })
    try {
      return await statement()
    } finally {
      this.watchdog.done(watched)
    }
  }

  async stop(): Promise<void> {
    this.watchdog.stop()
    if (!this.isOwn) return void this.work.off('error', this.onIdleError)
    // The listeners stay: a pool has ended before its sockets have, and the server may say something on one of them yet.
    await Promise.all(this.pools.map((pool) => pool.end()))
  }

  private get pools(): pg.Pool[] {
    return this.isOwn ? [this.work, this.appends] : [this.work]
  }

  private checkOutOf(pool: pg.Pool, operation: string): Promise<pg.PoolClient> {
    return new Promise((resolve, reject) => {
      let isWaiting = true
      const refuse = (cause: unknown) => {
        isWaiting = false
        // Nothing was sent yet, so nothing can have been done.
        reject(
          failureOf(cause).kind === 'refused'
            ? translated(cause, operation, false)
            : new StoreUnavailableError('postgres', operation, false, cause),
        )
      }
      const watched = this.watchdog.watch(() => refuse(new Error('No connection became free in time')))
      pool.connect((error, client, release) => {
        this.watchdog.done(watched)
        if (!isWaiting) return release?.()
        if (error || !client) return refuse(error)
        this.adopt(client)
        resolve(client)
      })
    })
  }

  private adopt(client: pg.PoolClient): void {
    if (this.known.has(client)) return
    this.known.add(client)
    const { processID } = client as pg.PoolClient & { readonly processID?: number }
    if (processID !== undefined) {
      this.backends.add(processID)
      client.once('end', () => this.backends.delete(processID))
    }
    // While it is lent its pool does not listen to it; the statement under way fails by itself.
    client.on('error', (error) => this.options.logger.warn({ error: error.message }, 'A connection broke'))
  }

  private readonly onIdleError = (error: Error): void => {
    this.onBroken()
    this.options.logger.warn({ error: error.message }, 'An idle connection broke')
  }
}

/** Closes the socket without asking the server: it may have stopped answering. */
export function destroy(client: pg.ClientBase): void {
  const { connection } = client as unknown as { connection?: { stream?: { destroy(): void } } }
  connection?.stream?.destroy()
}
