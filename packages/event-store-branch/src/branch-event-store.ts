// What if: a store that begins as another one was at a position, and goes on by itself. It reads the other one and never writes to it;
// its own events are kept in memory and end with it. So hypothetical commands can be tried on real data, by real code.

import {
  type Append,
  type Appended,
  type AppendListener,
  type AppendsTogether,
  type Committed,
  checkPosition,
  type EventStore,
  type Head,
  type Logger,
  type LogRewoundError,
  type ReadAllOptions,
  type ReadStreamOptions,
  type Runtime,
  refuseUnknownOptions,
  type SteeringListener,
  type StoredEvent,
  StoreNotRunningError,
  systemRuntime,
} from '@writ/event-store'
import { InMemoryLog, type InMemoryTransaction, inMemoryEventStore } from '@writ/event-store-memory'
import { BranchAppends } from './branch-appends.js'
import { BranchReads, type Pages } from './branch-reads.js'
import { BranchReceipts } from './branch-receipts.js'
import { BranchSnapshots } from './branch-snapshots.js'
import { BranchStreams } from './branch-streams.js'
import { transactionOf } from './branch-transaction.js'
import { InOrder } from './in-order.js'
import { Past } from './past.js'
import { Translation } from './translation.js'

export interface BranchEventStoreOptions {
  /** The store that it begins as; it runs already, and it is only ever read. */
  readonly base: EventStore
  /** The position up to which the base is seen; its head by default, as it is when the branch starts, and where that comes first. */
  readonly at?: number
  /** Whether events may be taken out of the branch, by `streams.delete` and `streams.truncate` with `hard`; false by default. */
  readonly allowHardDelete?: boolean
  readonly runtime?: Runtime
  readonly logger?: Logger
}

const known: Record<keyof BranchEventStoreOptions, true> = {
  base: true,
  at: true,
  allowHardDelete: true,
  runtime: true,
  logger: true,
}

/** A store that is laid over another one. */
export interface BranchEventStore extends EventStore<InMemoryTransaction> {
  /** The position at which it parted from its base; known once it has started. */
  readonly at: number
  /** The branch's own events, in their order. */
  ownEvents(): AsyncIterable<readonly StoredEvent[]>
}

/** @throws InvalidOptionError */
export function branchEventStore(options: BranchEventStoreOptions): BranchEventStore {
  refuseUnknownOptions('branchEventStore', options, Object.keys(known))
  if (options.at !== undefined) checkPosition('branchEventStore', 'at', options.at)
  return new Branch(options)
}

class Branch implements BranchEventStore {
  readonly adapter = 'branch'
  readonly checkpoints: EventStore<InMemoryTransaction>['checkpoints']
  readonly parked: EventStore<InMemoryTransaction>['parked']
  readonly projections: EventStore<InMemoryTransaction>['projections']
  readonly receipts: BranchReceipts
  readonly snapshots: BranchSnapshots
  readonly streams: BranchStreams
  private readonly own: EventStore<InMemoryTransaction>
  private readonly reads: BranchReads
  private readonly appends: BranchAppends
  private parting: Promise<Past> | undefined
  private parted: Past | undefined

  constructor(private readonly options: BranchEventStoreOptions) {
    const { base, runtime = systemRuntime, logger, allowHardDelete = false } = options
    const log = new InMemoryLog({ runtime })
    const own = inMemoryEventStore({ log, allowInProduction: true, allowHardDelete, ...(logger && { logger }) })
    const past = () => this.past
    const translation = new Translation(past, runtime)
    const inOrder = new InOrder()
    this.own = own
    this.checkpoints = own.checkpoints
    this.parked = own.parked
    this.projections = own.projections
    const receipts = new BranchReceipts(own.receipts, translation, past)
    const snapshots = new BranchSnapshots(own.snapshots, past)
    const check = (stream: string, expectedVersion: Append['expectedVersion']) =>
      this.appends.check({ stream, events: [], ...(expectedVersion !== undefined && { expectedVersion }) })
    const streams = new BranchStreams({ base: base.streams, own, snapshots, translation, allowHardDelete, past, inOrder, check })
    this.receipts = receipts
    this.snapshots = snapshots
    this.streams = streams
    this.reads = new BranchReads({ own, streams, translation, past })
    this.appends = new BranchAppends({ own, reads: this.reads, receipts, streams, translation, past, inOrder })
  }

  get at(): number {
    return this.past.position
  }

  async start(): Promise<void> {
    this.parting ??= this.part()
    this.parted = await this.parting
    await this.own.start()
  }

  async stop(): Promise<void> {
    await this.own.stop()
  }

  append(append: Append): Promise<Appended> {
    return this.appends.append(append)
  }

  appendAll(appends: readonly Append[]): Promise<readonly Appended[]> {
    return this.appends.appendAll(appends)
  }

  transaction<T>(work: (transaction: InMemoryTransaction & AppendsTogether) => Promise<T>): Promise<Committed<T>> {
    return transactionOf(this.own, this, work)
  }

  readStream(stream: string, options?: ReadStreamOptions): Pages {
    return this.reads.readStream(stream, options)
  }

  readAll(options?: ReadAllOptions): Pages {
    return this.reads.readAll(options)
  }

  findEvents(ids: readonly string[]): Promise<readonly StoredEvent[]> {
    return this.reads.findEvents(ids)
  }

  head(): Promise<Head> {
    return this.reads.head()
  }

  onAppended(listener: AppendListener): () => void {
    // What the store beneath tells besides is told in positions of its own.
    return this.own.onAppended(() => listener())
  }

  onSteered(listener: SteeringListener): () => void {
    return this.own.onSteered(listener)
  }

  onRewound(listener: (error: LogRewoundError) => void): () => void {
    return this.options.base.onRewound(listener)
  }

  ownEvents(): AsyncIterable<readonly StoredEvent[]> {
    return this.readAll({ after: this.at })
  }

  private get past(): Past {
    if (!this.parted) throw new StoreNotRunningError(this.adapter, 'use a branch')
    return this.parted
  }

  private async part(): Promise<Past> {
    const { base, at = Number.MAX_SAFE_INTEGER } = this.options
    try {
      const [{ position }, moment] = await Promise.all([base.head(), base.receipts.moment()])
      return new Past(base, { position: Math.min(at, position), moment })
    } catch (error) {
      // It may be started again.
      this.parting = undefined
      throw error
    }
  }
}
