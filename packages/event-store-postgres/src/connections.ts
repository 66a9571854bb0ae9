import { StoreUnavailableError } from '@writ/event-store'
import pg from 'pg'
import { canCopy, copiedRows } from './copied-rows.js'
import { destroy } from './destroy.js'
import type { Listener } from './listener.js'
import type { CheckedOptions } from './options.js'
import { failureOf, isConnectionBroken, isStatementStale, translated } from './postgres-failure.js'
import type { RewindGuard } from './rewind-guard.js'
import { SharedPool } from './shared-pool.js'
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

/** Statements on their own, each on a connection that is lent for it, or all on that of a transaction. */
export type Runs = Pick<Connections, 'read' | 'readMany' | 'write'>

/** How statements are run on one connection: by the store's rules on its own, by none on one of the user's. */
export type RunsOn = Pick<Connections, 'prepares' | 'watched' | 'run'>

const asText = { getTypeParser: () => (value: string) => value }

/** The store's connections: its own pools, or the user's. A client that failed is closed, never handed out again. */
export class Connections {
  /** Whether statements may be prepared under a name: not where a session changes its server process. */
  readonly prepares: boolean
  private readonly work: SharedPool
  private readonly appends: SharedPool
  private readonly isOwn: boolean
  private readonly watchdog: Watchdog
  private readonly leave: readonly (() => void)[]
  private readonly examined = new WeakSet<pg.PoolClient>()
  /** Refuses whoever waits for a connection. */
  private readonly waiting = new Set<(cause: unknown) => void>()

  constructor(
    private readonly options: CheckedOptions,
    /** Looks at each connection before its first use; undefined for whoever does not care which log is there. */
    private readonly guard?: RewindGuard,
    /** Called when a connection was lost: the next one may lead to another server. */
    private readonly onBroken: () => void = () => {},
  ) {
    const { source, statementTimeout, runtime, logger } = options
    this.watchdog = new Watchdog(runtime, statementTimeout)
    this.isOwn = 'connectionString' in source
    this.prepares = options.pooler === undefined
    if ('pool' in source) {
      this.work = SharedPool.of(source.pool)
      this.appends = this.work
    } else {
      const { poolSize, idleTimeout } = source
      const settings = ownSettings(options, source.connectionString)
      this.work = SharedPool.of(new pg.Pool({ ...settings, max: poolSize, idleTimeoutMillis: idleTimeout ?? 10_000 }))
      this.appends = SharedPool.of(new pg.Pool({ ...settings, max: 2, idleTimeoutMillis: idleTimeout ?? 0 }))
    }
    this.leave = this.pools.map((shared) => shared.join({ logger, onBroken }))
  }

  /** How many batches may be under way at once: two, but not all connections of a small pool. */
  get batchesAtOnce(): number {
    return this.isOwn ? 2 : Math.max(1, Math.min(2, (this.work.pool.options.max ?? 10) - 1))
  }

  /** What hears of the appends of other processes, for all stores on the pool. */
  get listener(): Listener {
    return this.work.listener
  }

  /** Whether a server process works for one of these connections. */
  isOwnBackend(processId: number): boolean {
    return this.work.isOwnBackend(processId) || this.appends.isOwnBackend(processId)
  }

  /** Whether they were opened with a limit on the wait for a lock. */
  get haveLockTimeout(): boolean {
    return this.isOwn && this.prepares
  }

  /** A connection that belongs to no pool, made with the same settings. */
  separateClient(): pg.Client {
    return this.work.separateClient()
  }

  /** One statement on its own that writes nothing. */
  async read(operation: string, statement: Statement, values: Values): Promise<Row[]> {
    return this.runOnce(operation, (client) => this.run(client, statement, values), { writes: false })
  }

  /** The same for a select that may give hundreds of rows. */
  async readMany<T>(operation: string, statement: Statement, values: Values, decode: (row: Row) => T): Promise<T[]> {
    const many = async (client: pg.PoolClient) =>
      canCopy(client)
        ? this.watched(client, () => copiedRows(client, statement.text, values, decode))
        : (await this.run(client, statement, values)).map(decode)
    return this.runOnce(operation, many, { writes: false })
  }

  /** One statement on its own that may write. */
  async write(operation: string, statement: Statement, values: Values): Promise<Row[]> {
    return this.runOnce(operation, (client) => this.run(client, statement, values), { writes: true })
  }

  private async runOnce<T>(
    operation: string,
    statement: (client: pg.PoolClient) => Promise<T>,
    { writes }: { writes: boolean },
  ): Promise<T> {
    // Behind a migration each connection may hold a statement that it can't run any more, and that has done nothing.
    for (let stale = 0; ; stale++) {
      const client = await this.checkOut(operation)
      try {
        const result = await statement(client)
        this.giveBack(client)
        return result
      } catch (error) {
        this.giveBack(client, error)
        if (!isStatementStale(error) || stale > (this.work.pool.options.max ?? 10)) throw translated(error, operation, writes)
      }
    }
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
    if (!this.prepares) return this.runUnprepared(client, text, values)
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

  /** Several statements in one message, and the rows of each; nothing in it may come from outside. */
  async runTogether(client: pg.ClientBase, text: string): Promise<readonly Row[][]> {
    const results = await this.watched(client, () => client.query({ text, rowMode: 'array', types: asText }))
    return (results as unknown as readonly pg.QueryArrayResult<(string | null)[]>[]).map(({ rows }) => rows)
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
    if (!this.isOwn) for (const leave of this.leave) leave()
    // A pool that ends forgets who waits, and serves them no more.
    if (this.isOwn) for (const refuse of this.waiting) refuse(new Error('The store was stopped'))
    // Those on own pools stay: a pool has ended before its sockets have, and the server may say something on one of them yet.
    if (this.isOwn) await Promise.all(this.pools.map(({ pool }) => pool.end()))
  }

  private get pools(): SharedPool[] {
    return this.isOwn ? [this.work, this.appends] : [this.work]
  }

  private async checkOutOf(shared: SharedPool, operation: string): Promise<pg.PoolClient> {
    const { guard } = this
    if (guard?.refusal) throw guard.refusal
    const client = await this.connect(shared, operation)
    if (guard && !this.examined.has(client)) await this.examine(client, guard, operation)
    return client
  }

  /** Before its first use for this store. */
  private async examine(client: pg.PoolClient, guard: RewindGuard, operation: string): Promise<void> {
    try {
      await this.watched(client, () => guard.examine(client))
    } catch (error) {
      this.giveBack(client, error, true)
      throw translated(error, operation, false)
    }
    this.examined.add(client)
  }

  private connect(shared: SharedPool, operation: string): Promise<pg.PoolClient> {
    return new Promise((resolve, reject) => {
      let isWaiting = true
      const refuse = (cause: unknown) => {
        isWaiting = false
        this.waiting.delete(refuse)
        // Nothing was sent yet, so nothing can have been done.
        reject(
          failureOf(cause).kind === 'refused'
            ? translated(cause, operation, false)
            : new StoreUnavailableError('postgres', operation, false, cause),
        )
      }
      this.waiting.add(refuse)
      const watched = this.watchdog.watch(() => refuse(new Error('No connection became free in time')))
      shared.pool.connect((error, client, release) => {
        this.watchdog.done(watched)
        if (!isWaiting) return release?.()
        if (error || !client) return refuse(error)
        this.waiting.delete(refuse)
        shared.adopt(client)
        resolve(client)
      })
    })
  }
}

/** A connection of the user's: nothing is prepared by name, for what stands between is not known, and nothing but the user ends it. */
export const runsOnForeign: RunsOn = {
  prepares: false,
  watched: (_client, statement) => statement(),
  async run(client, { text }, values) {
    const result = await client.query<(string | null)[]>({ text, values: values as never[], rowMode: 'array', types: asText })
    return result.rows
  },
}

/** A pooler between would refuse to begin a session with settings of its own. */
function ownSettings({ statementTimeout, lockTimeout, pooler }: CheckedOptions, connectionString: string): pg.PoolConfig {
  const settings = { connectionString, connectionTimeoutMillis: Math.min(statementTimeout, 10_000), keepAlive: true }
  if (pooler) return settings
  return {
    ...settings,
    statement_timeout: statementTimeout,
    lock_timeout: lockTimeout,
    idle_in_transaction_session_timeout: statementTimeout,
  }
}
