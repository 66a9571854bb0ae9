import {
  type Append,
  type Appended,
  type AppendListener,
  type Committed,
  checkAppend,
  checkAppends,
  type EventStore,
  type Head,
  type LogRewoundError,
  type ReadAllOptions,
  type ReadStreamOptions,
  type SteeringListener,
  type StoredEvent,
  StoreNotRunningError,
  type WrittenEvents,
} from '@writ/event-store'
import type pg from 'pg'
import { AppendCall } from './append/append-call.js'
import { AppendQueue } from './append/append-queue.js'
import { type Delivery, deliver, type OnAccepted } from './append/deliver-batch.js'
import { deliverTogether } from './append/deliver-together.js'
import { NewStreams } from './append/new-streams.js'
import { Notices } from './append/notices.js'
import { PostgresCheckpoints } from './checkpoints.js'
import { Connections, type Statement } from './connections.js'
import { HeadPoll } from './head-poll.js'
import type { Hearer } from './listener.js'
import { Listeners } from './listeners.js'
import { type CheckedOptions, checkOptions, type PostgresEventStoreOptions } from './options.js'
import { PostgresParkedEvents } from './parked-events.js'
import { PostgresProjections } from './projection-versions.js'
import { DurableMark } from './read/durable-mark.js'
import { headStatement } from './read/head.js'
import { Reader } from './read/reader.js'
import { PostgresReceipts } from './receipts.js'
import { RewindGuard } from './rewind-guard.js'
import { prepareSchema } from './schema/prepare-schema.js'
import { PostgresSnapshots } from './snapshots.js'
import type { SqlTransaction } from './sql.js'
import { allowHardDeletes, PostgresStreams } from './streams.js'
import { Staging } from './transactions/staging.js'
import { Transactions } from './transactions/transactions.js'
import type { Work } from './transactions/work-on.js'

/** The port, and what only this adapter can do. */
export interface PostgresEventStore extends EventStore<SqlTransaction> {
  /**
   * Hands appends over to a transaction of your own: its COMMIT writes them together with your rows, or fails. Nobody waits before.
   *
   * They are judged at the COMMIT, in the order in which they were staged; what is rolled back to a savepoint is forgotten with it. A
   * refusal makes the COMMIT fail with a driver's error that {@link refusalOfCommit} translates.
   *
   * @param client a connection on which a READ COMMITTED transaction of the same database is open; it needs the rights of a role that appends
   * @throws InvalidAppendError, InvalidStreamNameError for malformed input, as for `append` of the store's transaction
   * @throws UnsuitableTransactionError where the client is in no transaction, in a failed one, or in one that is not READ COMMITTED
   */
  stage(client: pg.ClientBase, appends: Append | readonly Append[]): Promise<void>
  /**
   * Carries out work on a transaction of your own, and stages what it appends: `sql`, `rows` and `reads` are on your client.
   *
   * @throws what the work throws, and what `stage` throws; roll back then
   */
  within<T>(client: pg.ClientBase, work: Work<T>): Promise<T>
}

/**
 * The event store on PostgreSQL 15 to 18.
 *
 * All appends that wait in this process go to the database as one call, and are acknowledged when they are durable.
 *
 * @throws PostgresOptionError for options that are malformed
 */
export function postgresEventStore(options: PostgresEventStoreOptions): PostgresEventStore {
  return new PostgresStore(checkOptions(options))
}

const nothing = () => {}

/** What lives from start to stop. */
interface Running {
  readonly connections: Connections
  readonly mark: DurableMark
  readonly guard: RewindGuard
  readonly queue: AppendQueue
  readonly notices: Notices
  readonly transactions: Transactions
  readonly reader: Reader
  /** Something was written at this position, and is durable. */
  readonly onWritten: OnAccepted
  readonly stopHearing: () => Promise<void>
}

class PostgresStore implements PostgresEventStore {
  readonly adapter = 'postgres'
  readonly checkpoints: PostgresCheckpoints
  readonly parked: PostgresParkedEvents
  readonly projections: PostgresProjections
  readonly receipts: PostgresReceipts
  readonly snapshots: PostgresSnapshots
  readonly streams: PostgresStreams
  private readonly wakeUps: Listeners<[WrittenEvents?]>
  private readonly steerings: Listeners<[subscription: string]>
  private readonly rewinds: Listeners<[LogRewoundError]>
  private readonly headStatement: Statement
  private readonly staging: Staging
  private running: Running | undefined
  private isStopping = false
  private starting: Promise<void> | undefined
  private stopping: Promise<void> | undefined

  constructor(private readonly options: CheckedOptions) {
    const { schema, logger } = options
    const connections = () => this.ready('query').connections
    const ready = (operation: string) => void this.ready(operation)
    this.checkpoints = new PostgresCheckpoints(connections, ready, schema, options)
    this.parked = new PostgresParkedEvents(connections, ready, schema)
    this.projections = new PostgresProjections(connections, ready, schema, options)
    this.receipts = new PostgresReceipts(connections, ready, schema)
    this.snapshots = new PostgresSnapshots(connections, ready, schema)
    this.wakeUps = new Listeners(logger)
    this.steerings = new Listeners(logger)
    this.rewinds = new Listeners(logger)
    this.staging = new Staging(schema)
    this.streams = new PostgresStreams((operation) => this.ready(operation), schema, options.runtime, options.allowHardDelete)
    this.headStatement = headStatement(schema)
  }

  /**
   * @throws UnsupportedServerError, SchemaTooNewError, SchemaTooOldError, MigrationBlockedError, TransactionPoolerError,
   *   HardDeleteNotAllowedError, StoreUnavailableError
   */
  start(): Promise<void> {
    this.starting ??= this.open().catch((error) => {
      this.starting = undefined
      throw error
    })
    return this.starting
  }

  stop(): Promise<void> {
    this.stopping ??= this.close().finally(() => {
      this.stopping = undefined
    })
    return this.stopping
  }

  append(append: Append): Promise<Appended> {
    try {
      const { queue } = this.ready('append', this.isStopping)
      checkAppend(append)
      return queue.add(append)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  appendAll(appends: readonly Append[]): Promise<readonly Appended[]> {
    try {
      const { queue } = this.ready('append', this.isStopping)
      checkAppends(appends)
      return appends.length === 0 ? Promise.resolve([]) : queue.addAll(appends)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  async transaction<T>(work: Work<T>): Promise<Committed<T>> {
    return this.ready('run a transaction', this.isStopping).transactions.run(work)
  }

  async stage(client: pg.ClientBase, appends: Append | readonly Append[]): Promise<void> {
    this.ready('stage appends')
    await this.staging.stage(client, appends)
  }

  async within<T>(client: pg.ClientBase, work: Work<T>): Promise<T> {
    const { guard } = this.ready('work within a transaction')
    return this.staging.within(client, work, { schema: this.options.schema, guard })
  }

  async *readStream(stream: string, options?: ReadStreamOptions): AsyncGenerator<readonly StoredEvent[]> {
    yield* this.ready('read a stream').reader.readStream(stream, options)
  }

  async *readAll(options?: ReadAllOptions): AsyncGenerator<readonly StoredEvent[]> {
    yield* this.ready('read the log').reader.readAll(options)
  }

  async findEvents(ids: readonly string[]): Promise<readonly StoredEvent[]> {
    return this.ready('find events').reader.find(ids)
  }

  async head(): Promise<Head> {
    const { connections, mark, guard } = this.ready('head')
    const [row] = await connections.read('read the head', this.headStatement, [mark.position])
    const position = Number(row![0])
    mark.raise(position)
    guard.note(position)
    return { position, incarnation: row![1]! }
  }

  onAppended(listener: AppendListener): () => void {
    return this.wakeUps.add(listener)
  }

  onSteered(listener: SteeringListener): () => void {
    return this.steerings.add(listener)
  }

  onRewound(listener: (error: LogRewoundError) => void): () => void {
    return this.rewinds.add(listener)
  }

  private async open(): Promise<void> {
    await this.stopping
    const { options } = this
    const { schema, logger } = options
    const mark = new DurableMark()
    const guard = new RewindGuard(schema, logger, (error) => this.rewinds.tell(error))
    const connections = new Connections(options, guard, () => mark.forget())
    try {
      await prepareSchema(connections, options)
      await connections.using('start', (client) => guard.begin(client), { writes: false })
      if (options.allowHardDelete) await allowHardDeletes(connections, schema)
    } catch (error) {
      await connections.stop()
      throw error
    }
    const reader = new Reader(connections, schema, mark, guard)
    const notices = new Notices(connections, schema, options)
    const onWritten: OnAccepted = (position, eventId, written) => {
      mark.raise(position)
      guard.note(position, eventId)
      if (this.wakeUps.isAnyone) this.wakeUps.tell(written?.())
      hearing.saw(position)
    }
    const delivery: Delivery = {
      connections,
      call: new AppendCall(connections, options),
      notices,
      newStreams: new NewStreams(options.runtime),
      reads: {
        missed: (stream, from, upTo) => reader.missed(stream, from, upTo),
        deletion: (stream) => reader.deletion(stream),
        receipts: this.receipts,
      },
      schema,
      runtime: options.runtime,
      retryFor: options.retryFor,
      lockTimeout: options.lockTimeout,
      onAccepted: onWritten,
    }
    const queue = new AppendQueue({
      limit: options.maxWaitingAppends,
      batchesAtOnce: connections.batchesAtOnce,
      deliver: (batch) => deliver(delivery, batch),
      deliverTogether: (batch) => deliverTogether(delivery, batch),
    })
    const transactions = new Transactions({ ...options, ...delivery, guard, appendAll: (appends) => queue.addAll(appends) })
    const hearing = this.hear(connections, guard)
    this.running = { connections, mark, guard, queue, notices, transactions, reader, onWritten, stopHearing: hearing.stop }
  }

  /** Hears of the appends of others: by listening, or by asking where a pooler stands between. */
  private hear(connections: Connections, guard: RewindGuard): { saw: (position: number) => void; stop: () => Promise<void> } {
    const { schema, runtime, logger, statementTimeout, pooler } = this.options
    if (pooler) {
      const poll = new HeadPoll(connections, guard, this.wakeUps, { runtime, logger })
      poll.start()
      return { saw: (position) => poll.saw(position), stop: () => poll.stop() }
    }
    const { listener } = connections
    const hearer: Hearer = {
      channel: schema.channel,
      // What it finds it tells the store; the connection goes on for others.
      examine: (client) => guard.examine(client).then(nothing, nothing),
      // Own appends wake when they are durable, not when they are visible.
      onHeard: (processId) => {
        if (processId === undefined || !connections.isOwnBackend(processId)) this.wakeUps.tell()
      },
      onSteered: this.steerings.tell,
      timeout: statementTimeout,
      runtime,
      logger,
    }
    listener.add(hearer)
    return { saw: () => listener.tellOthers(hearer), stop: () => listener.remove(hearer) }
  }

  private async close(): Promise<void> {
    await this.starting?.catch(() => {})
    const { running } = this
    if (!running) return
    // A start from here on waits for the stop and opens anew.
    this.starting = undefined
    this.isStopping = true
    try {
      await running.transactions.drain()
      await running.queue.drain()
      await running.notices.settle()
      await running.stopHearing()
      await running.connections.stop()
    } finally {
      this.running = undefined
      this.isStopping = false
    }
  }

  private ready(operation: string, isStopping = false): Running {
    if (!this.running || isStopping) throw new StoreNotRunningError(this.adapter, operation)
    if (this.running.guard.refusal) throw this.running.guard.refusal
    return this.running
  }
}
