// What if: a store that begins as another one was at a position, and goes on by itself. It reads the other one and never writes to it;
// its own events are kept in memory and end with it. So hypothetical commands can be tried on real data, by real code.

import {
  type Append,
  AppendConditionFailedError,
  type Appended,
  type AppendListener,
  type AppendsTogether,
  CapabilityMissingError,
  CollectedAppends,
  CommandAlreadyHandledError,
  type Committed,
  checkAppend,
  checkAppends,
  type EventStore,
  type ExpectedVersion,
  eventsOf,
  type Head,
  hasCode,
  isExpected,
  LINK_TYPE,
  type Logger,
  type LogRewoundError,
  logRead,
  type ReadAllOptions,
  type ReadStreamOptions,
  type Receipt,
  type Receipts,
  type Runtime,
  type Snapshots,
  type StoredEvent,
  StoreNotRunningError,
  type Streams,
  streamRead,
  WrongExpectedVersionError,
} from '@writ/event-store'
import { InMemoryLog, type InMemoryTransaction, inMemoryEventStore } from '@writ/event-store-memory'
import { BranchSnapshots } from './branch-snapshots.js'
import { BranchStreams } from './branch-streams.js'
import { Past, type StreamEnd } from './past.js'

const MAX_MISSED = 100

export interface BranchEventStoreOptions {
  /** The store that it begins as; it runs already, and it is only ever read. */
  readonly base: EventStore
  /** The position up to which the base is seen; its head by default, as it is when the branch starts. */
  readonly at?: number
  readonly runtime?: Runtime
  readonly logger?: Logger
}

/** A store that is laid over another one. */
export interface BranchEventStore extends EventStore<InMemoryTransaction> {
  /** The position at which it parted from its base; known once it has started. */
  readonly at: number
  /** The branch's own events, in their order. */
  ownEvents(): AsyncIterable<readonly StoredEvent[]>
}

export function branchEventStore(options: BranchEventStoreOptions): BranchEventStore {
  return new Branch(options)
}

// Positions of a branch are not those of the store that keeps its own events.
function refuseLinks(appends: readonly Append[]): void {
  if (!appends.some(({ events }) => events.some(({ type }) => type === LINK_TYPE))) return
  throw new CapabilityMissingError('branch', 'links', 'Links of the base are followed; append the events themselves here.')
}

type Pages = AsyncGenerator<readonly StoredEvent[], void, undefined>

/** Undoes what the work of a transaction did that is stored already. */
class Repetition extends Error {}

class Branch implements BranchEventStore {
  readonly adapter = 'branch'
  readonly checkpoints: EventStore<InMemoryTransaction>['checkpoints']
  readonly parked: EventStore<InMemoryTransaction>['parked']
  readonly projections: EventStore<InMemoryTransaction>['projections']
  readonly receipts: Receipts
  readonly snapshots: Snapshots
  readonly streams: Streams
  private readonly own: EventStore<InMemoryTransaction>
  private past: Past | undefined
  private appending: Promise<unknown> = Promise.resolve()

  constructor(private readonly options: BranchEventStoreOptions) {
    const { runtime, logger } = options
    const log = new InMemoryLog(runtime && { runtime })
    this.own = inMemoryEventStore({ log, allowInProduction: true, ...(logger && { logger }) })
    this.checkpoints = this.own.checkpoints
    this.parked = this.own.parked
    this.projections = this.own.projections
    this.receipts = {
      find: (commandId) => this.findReceipt(commandId),
      // Those of the base are not the branch's to delete.
      deleteOlderThan: (milliseconds) => this.own.receipts.deleteOlderThan(milliseconds),
    }
    this.streams = new BranchStreams((stream, read) => this.readStream(stream, read), options.base.streams)
    this.snapshots = new BranchSnapshots(this.own.snapshots, () => this.started)
  }

  get at(): number {
    return this.started.position
  }

  async start(): Promise<void> {
    const { base, at } = this.options
    this.past ??= new Past(base, at ?? (await base.head()).position)
    await this.own.start()
  }

  async stop(): Promise<void> {
    await this.own.stop()
  }

  async append(append: Append): Promise<Appended> {
    checkAppend(append)
    refuseLinks([append])
    return this.inTheBranch([append], async ([own]) => [await this.own.append(own!)]).then(([appended]) => appended!)
  }

  async appendAll(appends: readonly Append[]): Promise<readonly Appended[]> {
    checkAppends(appends)
    refuseLinks(appends)
    return this.inTheBranch(appends, (own) => this.own.appendAll(own))
  }

  async transaction<T>(work: (transaction: InMemoryTransaction & AppendsTogether) => Promise<T>): Promise<Committed<T>> {
    const collected = new CollectedAppends()
    const append = (given: Append) => collected.append(given)
    // The own store's transaction is asked for its handle, its checks and its rows; what is appended is the branch's to judge.
    let committed: Committed<T> | undefined
    const carriedOut = this.own.transaction(async (transaction) => {
      let result: T
      try {
        result = await work(Object.assign(transaction, { append, reads: this }))
      } finally {
        collected.end()
      }
      const { position: before } = await this.head()
      const appended = collected.answers(await this.appendAll(collected.merged))
      committed = { result, appended }
      const isRepetition =
        collected.merged.some(({ events }) => events.length > 0) && appended.every(({ position }) => position <= before)
      if (isRepetition) throw new Repetition()
    })
    await carriedOut.catch((error) => {
      if (!(error instanceof Repetition)) throw error
    })
    return committed!
  }

  async *readStream(stream: string, options?: ReadStreamOptions): Pages {
    const read = streamRead(stream, options)
    const { fromVersion, toVersion } = read
    const end = await this.started.endOf(stream)
    const pastRead = { ...read, toVersion: Math.min(toVersion, end.version) }
    const ownRead = {
      ...read,
      fromVersion: Math.max(fromVersion - end.version, 1),
      toVersion: Math.max(toVersion - end.version, 0),
    }
    const past = (limit: number) => (fromVersion > end.version ? none() : this.started.readStream(stream, { ...pastRead, limit }))
    const own = (limit: number) => this.moved(this.own.readStream(stream, { ...ownRead, limit }))
    yield* inTurn(read, past, own)
  }

  async *readAll(options?: ReadAllOptions): Pages {
    const read = logRead(options)
    const { at } = this
    const ownRead = { ...read, after: Math.max(read.after - at, 0), upTo: Math.max(read.upTo - at, 0) }
    const past = (limit: number) => (read.after >= at ? none() : this.started.readAll({ ...read, limit }))
    const own = (limit: number) => this.moved(this.own.readAll({ ...ownRead, limit }))
    yield* inTurn(read, past, own)
  }

  async head(): Promise<Head> {
    const { position, incarnation } = await this.own.head()
    return { position: this.at + position, incarnation }
  }

  onAppended(listener: AppendListener): () => void {
    // What the store beneath tells besides is told in positions of its own.
    return this.own.onAppended(() => listener())
  }

  onRewound(listener: (error: LogRewoundError) => void): () => void {
    return this.options.base.onRewound(listener)
  }

  ownEvents(): AsyncIterable<readonly StoredEvent[]> {
    return this.readAll({ after: this.at })
  }

  private get started(): Past {
    if (!this.past) throw new StoreNotRunningError(this.adapter, 'use a branch')
    return this.past
  }

  /** Appends in the order of the calls, though one may have to look the past up and the next may not. */
  private inTheBranch(
    appends: readonly Append[],
    store: (own: readonly Append[]) => Promise<readonly Appended[]>,
  ): Promise<readonly Appended[]> {
    const appended = this.appending.then(() => this.appendNow(appends, store))
    this.appending = appended.catch(() => {})
    return appended
  }

  /** Lets the own store append what the past does not refuse; versions and positions are those of the branch, in and out. */
  private async appendNow(
    appends: readonly Append[],
    store: (own: readonly Append[]) => Promise<readonly Appended[]>,
  ): Promise<readonly Appended[]> {
    const ends: StreamEnd[] = []
    const own: Append[] = []
    for (const append of appends) {
      const end = await this.started.endOf(append.stream)
      ends.push(end)
      own.push(await this.ownPart(append, end))
    }
    try {
      return (await store(own)).map(({ version, position }, index) => {
        const end = ends[index]!
        return { version: end.version + version, position: position === 0 ? end.position : this.at + position }
      })
    } catch (error) {
      throw await this.asInTheBranch(error, appends)
    }
  }

  /** @throws what the past alone refuses it with */
  private async ownPart(append: Append, end: StreamEnd): Promise<Append> {
    const { condition, receipts = [] } = append
    for (const { commandId } of receipts) {
      const receipt = await this.started.receipt(commandId)
      if (receipt) throw new CommandAlreadyHandledError(receipt)
    }
    const expectedVersion = ownVersion(append.expectedVersion, end)
    const match = condition && (await this.started.match(condition.failIfMatch, condition.after ?? 0))
    if (expectedVersion === undefined || match !== undefined) throw await this.refusal(append, match)
    const after = Math.max(0, (condition?.after ?? 0) - this.at)
    return { ...append, expectedVersion, ...(condition && { condition: { ...condition, after } }) }
  }

  private async findReceipt(commandId: string): Promise<Receipt | undefined> {
    const own = await this.own.receipts.find(commandId)
    return own ? this.movedReceipt(own) : this.started.receipt(commandId)
  }

  /** Why the past alone refuses an append; a receipt outranks a version, and a version a condition. */
  private async refusal({ stream, expectedVersion = 'any', receipts = [] }: Append, match: number | undefined): Promise<Error> {
    for (const { commandId } of receipts) {
      const receipt = await this.findReceipt(commandId)
      if (receipt) return new CommandAlreadyHandledError(receipt)
    }
    let actual = 0
    for await (const [last] of this.readStream(stream, { direction: 'backwards', limit: 1, durable: false }))
      actual = last?.version ?? 0
    if (match !== undefined && isExpected(expectedVersion, actual)) return new AppendConditionFailedError(stream, match)
    return new WrongExpectedVersionError(stream, expectedVersion, actual, await this.missed(stream, expectedVersion, actual))
  }

  private async missed(stream: string, expected: ExpectedVersion, actual: number): Promise<readonly StoredEvent[] | undefined> {
    const known = typeof expected === 'number' ? expected : expected === 'no-stream' ? 0 : actual
    if (actual - known > MAX_MISSED) return undefined
    const missed: StoredEvent[] = []
    for await (const event of eventsOf(this.readStream(stream, { fromVersion: known + 1, durable: false }))) missed.push(event)
    return missed
  }

  /** The own store's error, with versions and positions as they are in the branch. */
  private async asInTheBranch(error: unknown, appends: readonly Append[]): Promise<unknown> {
    if (hasCode<WrongExpectedVersionError>(error, 'wrong-expected-version')) {
      const { stream } = error
      const end = await this.started.endOf(stream)
      const expectedVersion = appends.find((append) => append.stream === stream)?.expectedVersion ?? 'any'
      const missed = error.missed && (await Promise.all(error.missed.map((event) => this.movedEvent(event))))
      return new WrongExpectedVersionError(stream, expectedVersion, end.version + error.actualVersion, missed)
    }
    if (hasCode<AppendConditionFailedError>(error, 'append-condition-failed'))
      return new AppendConditionFailedError(error.stream, this.at + error.position)
    if (hasCode<CommandAlreadyHandledError>(error, 'command-already-handled'))
      return new CommandAlreadyHandledError(await this.movedReceipt(error.receipt))
    return error
  }

  private async *moved(pages: AsyncIterable<readonly StoredEvent[]>): Pages {
    for await (const page of pages) yield await Promise.all(page.map((event) => this.movedEvent(event)))
  }

  private async movedEvent(event: StoredEvent): Promise<StoredEvent> {
    const { version } = await this.started.endOf(event.stream)
    return { ...event, version: version + event.version, position: this.at + event.position }
  }

  private async movedReceipt(receipt: Receipt): Promise<Receipt> {
    const end = await this.started.endOf(receipt.stream)
    const position = receipt.position === 0 ? end.position : this.at + receipt.position
    return { ...receipt, version: end.version + receipt.version, position }
  }
}

/** What is expected of the branch's own part of a stream; undefined where its past is something else than expected. */
function ownVersion(expected: ExpectedVersion = 'any', end: StreamEnd): ExpectedVersion | undefined {
  if (expected === 'any') return 'any'
  if (expected === 'stream-exists') return end.version > 0 ? 'any' : 'stream-exists'
  const version = expected === 'no-stream' ? 0 : expected
  return version < end.version ? undefined : version - end.version
}

/** Two parts that follow each other in the log, read in either direction, up to a limit in all. */
async function* inTurn(
  { direction, limit }: { readonly direction: 'forwards' | 'backwards'; readonly limit: number },
  past: (limit: number) => AsyncIterable<readonly StoredEvent[]>,
  own: (limit: number) => AsyncIterable<readonly StoredEvent[]>,
): Pages {
  let remaining = limit
  for (const part of direction === 'forwards' ? [past, own] : [own, past]) {
    if (remaining === 0) return
    for await (const page of part(remaining)) {
      remaining -= page.length
      yield page
    }
  }
}

async function* none(): Pages {}
