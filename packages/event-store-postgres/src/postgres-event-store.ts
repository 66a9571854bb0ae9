import {
  type Append,
  type Appended,
  checkAppend,
  type EventStore,
  type Head,
  type LogRewoundError,
  type ReadAllOptions,
  type ReadStreamOptions,
  type StoredEvent,
  StoreNotRunningError,
} from '@writ/event-store'
import { AppendCall } from './append/append-call.js'
import { AppendQueue } from './append/append-queue.js'
import { type Delivery, deliver } from './append/deliver-batch.js'
import { Notices } from './append/notices.js'
import { PostgresCheckpoints } from './checkpoints.js'
import { Connections, type Statement } from './connections.js'
import { HeadPoll } from './head-poll.js'
import type { Hearer } from './listener.js'
import { Listeners } from './listeners.js'
import { type CheckedOptions, checkOptions, type PostgresEventStoreOptions } from './options.js'
import { DurableMark } from './read/durable-mark.js'
import { Reader } from './read/reader.js'
import { PostgresReceipts } from './receipts.js'
import { RewindGuard } from './rewind-guard.js'
import { prepareSchema } from './schema/prepare-schema.js'
import { PostgresSnapshots } from './snapshots.js'
import type { SqlTransaction } from './sql.js'

/**
 * The event store on PostgreSQL 15 to 18.
 *
 * All appends that wait in this process go to the database as one call, and are acknowledged when they are durable.
 *
 * @throws PostgresOptionError for options that are malformed
 */
export function postgresEventStore(options: PostgresEventStoreOptions): EventStore<SqlTransaction> {
  return new PostgresEventStore(checkOptions(options))
}

const nothing = () => {}

/** What lives from start to stop. */
interface Running {
  readonly connections: Connections
  readonly guard: RewindGuard
  readonly queue: AppendQueue
  readonly notices: Notices
  readonly reader: Reader
  readonly stopHearing: () => Promise<void>
}

class PostgresEventStore implements EventStore<SqlTransaction> {
  readonly adapter = 'postgres'
  readonly checkpoints: PostgresCheckpoints
  readonly receipts: PostgresReceipts
  readonly snapshots: PostgresSnapshots
  private readonly wakeUps: Listeners<[]>
  private readonly rewinds: Listeners<[LogRewoundError]>
  private readonly headStatement: Statement
  private running: Running | undefined
  private isStopping = false
  private starting: Promise<void> | undefined
  private stopping: Promise<void> | undefined

  constructor(private readonly options: CheckedOptions) {
    const { schema, logger } = options
    const connections = () => this.ready('query').connections
    const ready = (operation: string) => void this.ready(operation)
    this.checkpoints = new PostgresCheckpoints(connections, ready, schema, options)
    this.receipts = new PostgresReceipts(connections, ready, schema)
    this.snapshots = new PostgresSnapshots(connections, ready, schema)
    this.wakeUps = new Listeners(logger)
    this.rewinds = new Listeners(logger)
    this.headStatement = { name: `${schema.statementPrefix}head`, text: `select * from ${schema.quoted}.head()` }
  }

  /** @throws UnsupportedServerError, SchemaTooNewError, SchemaTooOldError, MigrationBlockedError, TransactionPoolerError, StoreUnavailableError */
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

  async *readStream(stream: string, options?: ReadStreamOptions): AsyncGenerator<readonly StoredEvent[]> {
    yield* this.ready('read a stream').reader.readStream(stream, options)
  }

  async *readAll(options?: ReadAllOptions): AsyncGenerator<readonly StoredEvent[]> {
    yield* this.ready('read the log').reader.readAll(options)
  }

  async head(): Promise<Head> {
    const { connections, guard } = this.ready('head')
    const [row] = await connections.read('read the head', this.headStatement, [])
    const position = Number(row![0])
    guard.note(position)
    return { position, incarnation: row![1]! }
  }

  onAppended(listener: () => void): () => void {
    return this.wakeUps.add(listener)
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
    } catch (error) {
      await connections.stop()
      throw error
    }
    const reader = new Reader(connections, schema, mark, guard)
    const notices = new Notices(connections, schema, options)
    const delivery: Delivery = {
      connections,
      call: new AppendCall(connections, options),
      notices,
      reads: { events: (stream, from, upTo) => reader.events(stream, from, upTo), receipts: this.receipts },
      schema,
      runtime: options.runtime,
      retryFor: options.retryFor,
      lockTimeout: options.lockTimeout,
      onAccepted: (position, eventId) => {
        mark.raise(position)
        guard.note(position, eventId)
        this.wakeUps.tell()
        hearing.saw(position)
      },
    }
    const queue = new AppendQueue({
      limit: options.maxWaitingAppends,
      batchesAtOnce: connections.batchesAtOnce,
      deliver: (batch) => deliver(delivery, batch),
    })
    const hearing = this.hear(connections, guard)
    this.running = { connections, guard, queue, notices, reader, stopHearing: hearing.stop }
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
