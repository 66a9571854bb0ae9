import type { Logger } from '@writ/event-store'
import pg from 'pg'
import { Listener } from './listener.js'

/** A store that works on a pool. */
export interface PoolUser {
  readonly logger: Logger
  /** A connection was lost: the next one may lead to another server. */
  readonly onBroken: () => void
}

/**
 * What all stores of this process that work on one pool have in common: who listens to its errors, and the one connection that hears of
 * appends for all of them. A tenant more costs a pool no connection more.
 */
export class SharedPool {
  private static readonly all = new WeakMap<pg.Pool, SharedPool>()
  readonly listener = new Listener(() => this.separateClient())
  private readonly users = new Set<PoolUser>()
  private readonly backends = new Set<number>()
  private readonly known = new WeakSet<pg.PoolClient>()

  static of(pool: pg.Pool): SharedPool {
    const shared = SharedPool.all.get(pool) ?? new SharedPool(pool)
    SharedPool.all.set(pool, shared)
    return shared
  }

  private constructor(readonly pool: pg.Pool) {}

  /** @returns ends the membership */
  join(user: PoolUser): () => void {
    // An idle connection that breaks tells its pool, and a pool that nobody listens to ends the process.
    if (this.users.size === 0) this.pool.on('error', this.onIdleError)
    this.users.add(user)
    return () => {
      this.users.delete(user)
      if (this.users.size === 0) this.pool.off('error', this.onIdleError)
    }
  }

  /** Whether a server process works for one of this pool's connections. */
  isOwnBackend(processId: number): boolean {
    return this.backends.has(processId)
  }

  /** Looks after a client that the pool lent. */
  adopt(client: pg.PoolClient): void {
    if (this.known.has(client)) return
    this.known.add(client)
    const { processID } = client as pg.PoolClient & { readonly processID?: number }
    if (processID !== undefined) {
      this.backends.add(processID)
      client.once('end', () => this.backends.delete(processID))
    }
    // While it is lent its pool does not listen to it; the statement under way fails by itself.
    client.on('error', (error) => this.warn(error, 'A connection broke'))
  }

  /** A connection that belongs to no pool, made with the same settings. */
  separateClient(): pg.Client {
    const { Client = pg.Client } = this.pool as unknown as { Client?: typeof pg.Client }
    return new Client(this.pool.options)
  }

  private readonly onIdleError = (error: Error): void => {
    for (const { onBroken } of this.users) onBroken()
    this.warn(error, 'An idle connection broke')
  }

  private warn(error: Error, message: string): void {
    const loggers = new Set([...this.users].map(({ logger }) => logger))
    for (const logger of loggers) logger.warn({ error: error.message }, message)
  }
}
