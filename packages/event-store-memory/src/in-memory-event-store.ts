// The double for everything: every test of Writ and of its users runs on it, at memory's speed, and it keeps each promise of the
// port, because the same conformance suite holds it to them. It is not for production: what it holds ends with the process.

import {
  type Append,
  type Appended,
  type AppendListener,
  type AppendsTogether,
  CollectedAppends,
  type Committed,
  type EventStore,
  type Head,
  KnownPlace,
  type Logger,
  type LogRewoundError,
  type ReadAllOptions,
  type ReadStreamOptions,
  type Receipts,
  type Runtime,
  refuseUnknownOptions,
  type Snapshots,
  type SteeringListener,
  type StoredEvent,
  StoreNotRunningError,
  type Streams,
  silentLogger,
} from '@writ/event-store'
import { append, appendAll } from './append.js'
import { InMemoryCheckpoints } from './checkpoints.js'
import { InMemoryLog } from './in-memory-log.js'
import { InMemoryStoreRefusedError } from './in-memory-store-refused-error.js'
import { InMemoryTransaction } from './in-memory-transaction.js'
import { InMemoryParkedEvents } from './parked.js'
import { InMemoryProjections } from './projections.js'
import { findEvents, readAll, readStream } from './read.js'
import type { Ready } from './ready.js'
import { InMemoryReceipts } from './receipts.js'
import { TransactionRows } from './rows.js'
import { InMemorySnapshots } from './snapshots.js'
import { InMemoryStreams } from './streams.js'

export interface InMemoryEventStoreOptions {
  /** What the store holds; a new, empty one by default. Stores that share one stand for several processes. */
  readonly log?: InMemoryLog
  /** Whose clock is the store's; the system's by default. A log that is given has its own, and no other may be given beside it. */
  readonly runtime?: Runtime
  /** Where a failing wake-up listener is reported; nowhere by default. */
  readonly logger?: Logger
  /** Whether it is meant to run under `NODE_ENV=production`, where everything is lost with the process; false by default. */
  readonly allowInProduction?: boolean
  /** Whether events may be taken out, by `streams.delete` and `streams.truncate` with `hard`; false by default. */
  readonly allowHardDelete?: boolean
}

const known: Record<keyof InMemoryEventStoreOptions, true> = {
  log: true,
  runtime: true,
  logger: true,
  allowInProduction: true,
  allowHardDelete: true,
}

/** @throws InvalidOptionError; InMemoryStoreRefusedError under `NODE_ENV=production`, unless that is allowed */
export function inMemoryEventStore(options: InMemoryEventStoreOptions = {}): EventStore<InMemoryTransaction> {
  refuseUnknownOptions('inMemoryEventStore', options, Object.keys(known))
  const { log, runtime, logger = silentLogger, allowInProduction = false, allowHardDelete = false } = options
  if (process.env.NODE_ENV === 'production' && !allowInProduction) {
    throw new InMemoryStoreRefusedError(
      'NODE_ENV is production, and whatever it holds is lost with the process',
      'Use a store that lasts, or say allowInProduction: true if losing everything is what you want.',
    )
  }
  if (log && runtime && log.runtime !== runtime) {
    throw new InMemoryStoreRefusedError('it was given a log and another clock than the log has', 'Give the runtime to the log.')
  }
  return new InMemoryEventStore(log ?? new InMemoryLog(runtime && { runtime }), logger, allowHardDelete)
}

const isReady = Promise.resolve()

class InMemoryEventStore implements EventStore<InMemoryTransaction> {
  readonly adapter = 'memory'
  readonly checkpoints: InMemoryCheckpoints
  readonly parked: InMemoryParkedEvents
  readonly projections: InMemoryProjections
  readonly receipts: Receipts
  readonly snapshots: Snapshots
  readonly streams: Streams
  private readonly listeners = new Set<() => void>()
  private readonly rewindListeners = new Set<(error: LogRewoundError) => void>()
  private readonly steeringListeners = new Set<SteeringListener>()
  private stopListening: (() => void) | undefined
  private known: KnownPlace
  /** Why it refuses everything. */
  private refusal: LogRewoundError | undefined

  constructor(
    private readonly log: InMemoryLog,
    private readonly logger: Logger,
    allowHardDelete: boolean,
  ) {
    const ready: Ready = (operation) => this.ready(operation)
    this.known = new KnownPlace(this.adapter, log.incarnation)
    this.checkpoints = new InMemoryCheckpoints(log, ready)
    this.parked = new InMemoryParkedEvents(log, ready)
    this.projections = new InMemoryProjections(log, ready)
    this.receipts = new InMemoryReceipts(log, ready)
    this.snapshots = new InMemorySnapshots(log, ready)
    this.streams = new InMemoryStreams(log, ready, allowHardDelete, (position) => this.known.note(position))
  }

  async start(): Promise<void> {
    if (this.stopListening) return
    this.known = new KnownPlace(this.adapter, this.log.incarnation)
    this.refusal = undefined
    const { log, logger } = this
    const stops = [
      log.onAppended(() => tell(this.listeners, logger)),
      log.onSteered((subscription) => tell(this.steeringListeners, logger, subscription)),
      log.onRewound(() => this.compare()),
    ]
    this.stopListening = () => {
      for (const stop of stops) stop()
    }
  }

  async stop(): Promise<void> {
    this.stopListening?.()
    this.stopListening = undefined
  }

  append(appended: Append): Promise<Appended> {
    return this.ready('append').then(() => {
      const answer = append(this.log, appended)
      this.known.note(answer.position, appended.events.at(-1)?.id)
      return answer
    })
  }

  async appendAll(appends: readonly Append[]): Promise<readonly Appended[]> {
    await this.ready('append')
    return this.appendTogether(appends)
  }

  async transaction<T>(work: (transaction: InMemoryTransaction & AppendsTogether) => Promise<T>): Promise<Committed<T>> {
    await this.ready('run a transaction')
    const collected = new CollectedAppends()
    const rows = new TransactionRows(this.log)
    const transaction = new InMemoryTransaction()
    const within: AppendsTogether = {
      append: (given) => collected.append(given),
      reads: this,
      rows: (table) => rows.of(table),
      part: (work) => transaction.undoing(() => rows.part(work)),
    }
    try {
      const result = await work(Object.assign(transaction, within)).finally(() => collected.end())
      if (this.refusal) throw this.refusal
      const { merged } = collected
      const before = this.log.position
      const appended = collected.answers(this.appendTogether(merged))
      const isRepetition = this.log.position === before && merged.some(({ events }) => events.length > 0)
      if (isRepetition) transaction.rollBack()
      else rows.commit()
      return { result, appended }
    } catch (error) {
      transaction.rollBack()
      throw error
    } finally {
      rows.end()
    }
  }

  async *readStream(stream: string, options?: ReadStreamOptions): AsyncGenerator<readonly StoredEvent[]> {
    await this.ready('read a stream')
    yield* this.noted(readStream(this.log, stream, options))
  }

  async *readAll(options?: ReadAllOptions): AsyncGenerator<readonly StoredEvent[]> {
    await this.ready('read the log')
    yield* this.noted(readAll(this.log, options))
  }

  async findEvents(ids: readonly string[]): Promise<readonly StoredEvent[]> {
    await this.ready('find events')
    return findEvents(this.log, ids)
  }

  async head(): Promise<Head> {
    await this.ready('head')
    const head = { position: this.log.position, incarnation: this.log.incarnation }
    this.known.note(head.position)
    return head
  }

  onAppended(listener: AppendListener): () => void {
    return added(this.listeners, () => listener())
  }

  onSteered(listener: SteeringListener): () => void {
    return added(this.steeringListeners, (subscription) => listener(subscription))
  }

  onRewound(listener: (error: LogRewoundError) => void): () => void {
    return added(this.rewindListeners, (error) => listener(error))
  }

  private appendTogether(appends: readonly Append[]): readonly Appended[] {
    const answers = appendAll(this.log, appends)
    for (const [index, { position }] of answers.entries()) this.known.note(position, appends[index]!.events.at(-1)?.id)
    return answers
  }

  private ready(operation: string): Promise<void> {
    if (!this.stopListening) return Promise.reject(new StoreNotRunningError(this.adapter, operation))
    return this.refusal ? Promise.reject(this.refusal) : isReady
  }

  private async *noted(pages: AsyncIterable<readonly StoredEvent[]>): AsyncGenerator<readonly StoredEvent[]> {
    for await (const page of pages) {
      // Between two pages the log may have been rewound.
      if (this.refusal) throw this.refusal
      // At the place of a link another id stands than that of the event.
      for (const { position, id, origin } of [page[0]!, page.at(-1)!]) this.known.note(position, origin ? undefined : id)
      yield page
    }
  }

  /** The log was rewound: is what this store has been told of still there? */
  private compare(): void {
    const { log, known } = this
    if (this.refusal) return
    const found = { incarnation: log.incarnation, head: log.position, eventId: log.at(known.now.position)?.id }
    this.refusal = known.compare(known.now, found)
    if (this.refusal) tell(this.rewindListeners, this.logger, this.refusal)
  }
}

function added<Listener>(listeners: Set<Listener>, own: Listener): () => void {
  // It was wrapped, so that the same function given twice is called twice and taken away once.
  listeners.add(own)
  return () => listeners.delete(own)
}

function tell<Told extends readonly unknown[]>(
  listeners: ReadonlySet<(...told: Told) => void>,
  logger: Logger,
  ...told: Told
): void {
  for (const listener of [...listeners]) {
    try {
      listener(...told)
    } catch (error) {
      logger.error({ error }, 'A listener of the store threw')
    }
  }
}
