// The double for everything: every test of Writ and of its users runs on it, at memory's speed, and it keeps each promise of the
// port, because the same conformance suite holds it to them. It is not for production: what it holds ends with the process.

import {
  type Append,
  type Appended,
  type EventStore,
  type Head,
  type Logger,
  type ReadAllOptions,
  type ReadStreamOptions,
  type Receipts,
  type Runtime,
  type Snapshots,
  type StoredEvent,
  StoreNotRunningError,
  silentLogger,
} from '@writ/event-store'
import { append } from './append.js'
import { InMemoryCheckpoints } from './checkpoints.js'
import { InMemoryLog } from './in-memory-log.js'
import { InMemoryStoreRefusedError } from './in-memory-store-refused-error.js'
import type { InMemoryTransaction } from './in-memory-transaction.js'
import { readAll, readStream } from './read.js'
import type { Ready } from './ready.js'
import { InMemoryReceipts } from './receipts.js'
import { InMemorySnapshots } from './snapshots.js'

export interface InMemoryEventStoreOptions {
  /** What the store holds; a new, empty one by default. Stores that share one stand for several processes. */
  readonly log?: InMemoryLog
  /** Whose clock is the store's; the system's by default. A log that is given has its own, and no other may be given beside it. */
  readonly runtime?: Runtime
  /** Where a failing wake-up listener is reported; nowhere by default. */
  readonly logger?: Logger
  /** Whether it is meant to run under `NODE_ENV=production`, where everything is lost with the process; false by default. */
  readonly allowInProduction?: boolean
}

/** @throws InMemoryStoreRefusedError under `NODE_ENV=production`, unless that is allowed */
export function inMemoryEventStore(options: InMemoryEventStoreOptions = {}): EventStore<InMemoryTransaction> {
  const { log, runtime, logger = silentLogger, allowInProduction = false } = options
  if (process.env.NODE_ENV === 'production' && !allowInProduction) {
    throw new InMemoryStoreRefusedError(
      'NODE_ENV is production, and whatever it holds is lost with the process',
      'Use a store that lasts, or say allowInProduction: true if losing everything is what you want.',
    )
  }
  if (log && runtime && log.runtime !== runtime) {
    throw new InMemoryStoreRefusedError('it was given a log and another clock than the log has', 'Give the runtime to the log.')
  }
  return new InMemoryEventStore(log ?? new InMemoryLog(runtime && { runtime }), logger)
}

class InMemoryEventStore implements EventStore<InMemoryTransaction> {
  readonly adapter = 'memory'
  readonly checkpoints: InMemoryCheckpoints
  readonly receipts: Receipts
  readonly snapshots: Snapshots
  private readonly listeners = new Set<() => void>()
  private stopListening: (() => void) | undefined

  constructor(
    private readonly log: InMemoryLog,
    private readonly logger: Logger,
  ) {
    const ready: Ready = (operation) => this.ready(operation)
    this.checkpoints = new InMemoryCheckpoints(log, ready)
    this.receipts = new InMemoryReceipts(log, ready)
    this.snapshots = new InMemorySnapshots(log, ready)
  }

  async start(): Promise<void> {
    this.stopListening ??= this.log.onAppended(() => this.wakeUp())
  }

  async stop(): Promise<void> {
    this.stopListening?.()
    this.stopListening = undefined
  }

  async append(appended: Append): Promise<Appended> {
    await this.ready('append')
    return append(this.log, appended)
  }

  async *readStream(stream: string, options?: ReadStreamOptions): AsyncGenerator<readonly StoredEvent[]> {
    await this.ready('read a stream')
    yield* readStream(this.log, stream, options)
  }

  async *readAll(options?: ReadAllOptions): AsyncGenerator<readonly StoredEvent[]> {
    await this.ready('read the log')
    yield* readAll(this.log, options)
  }

  async head(): Promise<Head> {
    await this.ready('head')
    return { position: this.log.events.length, incarnation: this.log.incarnation }
  }

  onAppended(listener: () => void): () => void {
    // Wrapped, so that the same function given twice is called twice and taken away once.
    const own = () => listener()
    this.listeners.add(own)
    return () => this.listeners.delete(own)
  }

  private async ready(operation: string): Promise<void> {
    if (!this.stopListening) throw new StoreNotRunningError(this.adapter, operation)
  }

  private wakeUp(): void {
    for (const listener of [...this.listeners]) {
      try {
        listener()
      } catch (error) {
        this.logger.error({ error }, 'A listener for appended events threw')
      }
    }
  }
}
