// What if: a store that begins as another one was at a position, and goes on by itself. It reads the other one and never writes to it;
// its own events are kept in memory and end with it. So hypothetical commands can be tried on real data, by real code.

import {
  type Append,
  AppendConditionFailedError,
  type Appended,
  type AppendListener,
  type AppendsTogether,
  CollectedAppends,
  CommandAlreadyHandledError,
  type Committed,
  checkAppend,
  checkAppends,
  EventIdConflictError,
  type EventStore,
  type ExpectedVersion,
  eventsOf,
  type Head,
  isExpected,
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
  streamRead,
  systemRuntime,
  WrongExpectedVersionError,
  whyNotJson,
} from '@writ/event-store'
import { InMemoryLog, type InMemoryTransaction, inMemoryEventStore } from '@writ/event-store-memory'
import { BranchSnapshots } from './branch-snapshots.js'
import { BranchStreams } from './branch-streams.js'
import { Past, type StreamEnd } from './past.js'
import { firstAnswer, isRepetition, type Written } from './repetition.js'
import { Translation } from './translation.js'

const MAX_MISSED = 100

export interface BranchEventStoreOptions {
  /** The store that it begins as; it runs already, and it is only ever read. */
  readonly base: EventStore
  /** The position up to which the base is seen; its head by default, as it is when the branch starts. */
  readonly at?: number
  /** Whether events may be taken out of the branch, by `streams.delete` and `streams.truncate` with `hard`; false by default. */
  readonly allowHardDelete?: boolean
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
  readonly streams: BranchStreams
  private readonly translation: Translation
  private readonly own: EventStore<InMemoryTransaction>
  private past: Past | undefined
  private appending: Promise<unknown> = Promise.resolve()

  constructor(private readonly options: BranchEventStoreOptions) {
    const { base, runtime = systemRuntime, logger, allowHardDelete = false } = options
    const log = new InMemoryLog({ runtime })
    const own = inMemoryEventStore({ log, allowInProduction: true, allowHardDelete, ...(logger && { logger }) })
    const past = () => this.started
    const translation = new Translation(past, runtime)
    this.own = own
    this.translation = translation
    this.checkpoints = own.checkpoints
    this.parked = own.parked
    this.projections = own.projections
    this.receipts = {
      find: (commandId) => this.findReceipt(commandId),
      // Those of the base are not the branch's to delete.
      deleteOlderThan: (milliseconds) => own.receipts.deleteOlderThan(milliseconds),
    }
    this.snapshots = new BranchSnapshots(own.snapshots, past)
    this.streams = new BranchStreams({
      base: base.streams,
      own,
      snapshots: this.snapshots,
      translation,
      allowHardDelete,
      past,
      inOrder: (work) => this.inOrder(work),
      check: (stream, expectedVersion) => this.check({ stream, events: [], expectedVersion }),
    })
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
    refuseMalformed(append)
    const [appended] = await this.inOrder(() => this.appendNow([append]))
    return appended!
  }

  async appendAll(appends: readonly Append[]): Promise<readonly Appended[]> {
    checkAppends(appends)
    for (const append of appends) refuseMalformed(append)
    return this.inOrder(() => this.appendNow(appends))
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
    const { direction, limit, pageSize, durable } = read
    let { fromVersion: from, toVersion: upTo } = read
    if (limit === 0 || from > upTo) return
    const end = await this.started.endOf(stream)
    const { version = 0 } = (await this.own.streams.info(stream)) ?? {}
    upTo = Math.min(upTo, end.version + version)
    for (let remaining = limit; remaining > 0; ) {
      // Between two pages the books may be closed, or the stream deleted.
      from = Math.max(from, await this.streams.readFrom(stream))
      if (from > upTo) return
      const size = Math.min(pageSize, remaining)
      const first = direction === 'forwards' ? from : Math.max(from, upTo - size + 1)
      const last = direction === 'forwards' ? Math.min(upTo, from + size - 1) : upTo
      const page = await this.versions(stream, { first, last, end, durable })
      if (direction === 'forwards') from = last + 1
      else upTo = first - 1
      remaining -= page.length
      if (page.length > 0) yield direction === 'forwards' ? page : page.reverse()
    }
  }

  async *readAll(options?: ReadAllOptions): Pages {
    const read = logRead(options)
    const { at } = this
    const ownRead = { ...read, after: Math.max(read.after - at, 0), upTo: Math.max(read.upTo - at, 0) }
    const past = (limit: number) => (read.after >= at ? none() : this.started.readAll({ ...read, limit }))
    yield* inTurn(read, past, () => this.ownLog({ ...ownRead, limit: Number.MAX_SAFE_INTEGER }))
  }

  async findEvents(ids: readonly string[]): Promise<readonly StoredEvent[]> {
    const own = await this.own.findEvents(ids)
    return [...(await this.started.findEvents(ids)), ...(await this.translation.written(own))]
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

  /** In the order of the calls, though one may have to look the past up and the next may not. */
  private inOrder<T>(work: () => Promise<T>): Promise<T> {
    const done = this.appending.then(work)
    // Its caller is told; those behind it only wait for its end.
    this.appending = done.catch(() => {})
    return done
  }

  /** Judges some appends by all that is there, of the past and of its own, and stores what nothing speaks against: all or none. */
  private async appendNow(appends: readonly Append[]): Promise<readonly Appended[]> {
    const written = await this.writtenOf(appends)
    const areWritten = isRepetition(appends, written)
    const answers: Appended[] = []
    for (const append of appends) {
      const answer = firstAnswer(append, written)
      if (areWritten) answers.push(answer ?? (await this.asItIs(append.stream)))
      else if (answer) throw new EventIdConflictError(append.stream, append.events[0]!.id)
      else await this.check(append)
    }
    return areWritten ? answers : this.store(appends)
  }

  private async writtenOf(appends: readonly Append[]): Promise<Written> {
    const ids = appends.flatMap(({ events }) => events.map(({ id }) => id))
    const found = ids.length === 0 ? [] : await this.findEvents(ids)
    return new Map(found.map((event) => [event.id, event]))
  }

  /** What is answered of a stream that a repetition names, and appends nothing to: also of one that was deleted since. */
  private async asItIs(stream: string): Promise<Appended> {
    const { deletion } = (await this.streams.info(stream)) ?? {}
    if (!deletion) return (await this.store([{ stream, events: [] }]))[0]!
    const last = this.readAll({ stream, direction: 'backwards', limit: 1, durable: false })
    for await (const [event] of last) return { version: deletion.version, position: event!.position }
    return { version: 0, position: 0 }
  }

  /**
   * A receipt outranks a deletion, that a version, and a version a condition.
   *
   * @throws what an append is refused with
   */
  private async check({ stream, expectedVersion = 'any', condition, receipts = [] }: Append): Promise<void> {
    for (const { commandId } of receipts) {
      const receipt = await this.findReceipt(commandId)
      if (receipt) throw new CommandAlreadyHandledError(receipt)
    }
    await this.streams.readFrom(stream)
    const { version: actual = 0 } = (await this.streams.info(stream)) ?? {}
    if (!isExpected(expectedVersion, actual))
      throw new WrongExpectedVersionError(stream, expectedVersion, actual, await this.missed(stream, expectedVersion, actual))
    if (!condition) return
    const { failIfMatch: query, after = 0 } = condition
    for await (const [match] of this.readAll({ query, after, limit: 1, durable: false }))
      throw new AppendConditionFailedError(stream, match!.position)
  }

  /** Versions and positions are those of the branch, in and out. */
  private async store(appends: readonly Append[]): Promise<readonly Appended[]> {
    const own = appends.map(({ stream, events, receipts = [] }) => {
      return { stream, events: events.map((event) => this.translation.newEvent(event)), receipts }
    })
    const answers = await this.own.appendAll(own)
    return Promise.all(
      answers.map(async ({ version, position }, index) => {
        const end = await this.started.endOf(appends[index]!.stream)
        return { version: end.version + version, position: position === 0 ? end.position : this.at + position }
      }),
    )
  }

  private async findReceipt(commandId: string): Promise<Receipt | undefined> {
    const own = await this.own.receipts.find(commandId)
    return own ? this.translation.receipt(own) : this.started.receipt(commandId)
  }

  private async missed(stream: string, expected: ExpectedVersion, actual: number): Promise<readonly StoredEvent[] | undefined> {
    const known = typeof expected === 'number' ? expected : expected === 'no-stream' ? 0 : actual
    if (actual <= known) return []
    if (actual - known > MAX_MISSED || known + 1 < (await this.streams.readFrom(stream))) return undefined
    const missed: StoredEvent[] = []
    for await (const event of eventsOf(this.readStream(stream, { fromVersion: known + 1, durable: false }))) missed.push(event)
    return missed
  }

  /** A stream's events from one version to another, wherever they stand. */
  private async versions(
    stream: string,
    { first, last, end, durable }: { first: number; last: number; end: StreamEnd; durable: boolean },
  ): Promise<StoredEvent[]> {
    const found: StoredEvent[] = []
    if (first <= end.version) {
      const upTo = Math.min(last, end.version)
      const pages = this.started.readStream(stream, { fromVersion: first, toVersion: upTo, limit: upTo - first + 1, durable })
      for await (const page of pages) found.push(...page)
    }
    if (last > end.version) {
      const range = { fromVersion: Math.max(first - end.version, 1), toVersion: last - end.version }
      for await (const page of this.own.readStream(stream, range)) found.push(...(await this.translation.readable(page)))
    }
    return found
  }

  private async *ownLog(read: ReadAllOptions): Pages {
    for await (const page of this.own.readAll(read)) yield this.translation.inTheLog(page)
  }
}

function refuseMalformed(append: Append): void {
  const malformed = whyNotJson(append)
  if (malformed) throw malformed
}

/** Two parts that follow each other in the log, read in either direction, up to a limit in all. */
async function* inTurn(
  { direction, limit }: { readonly direction: 'forwards' | 'backwards'; readonly limit: number },
  past: (limit: number) => Pages,
  own: () => Pages,
): Pages {
  let remaining = limit
  for (const part of direction === 'forwards' ? [past, own] : [own, past]) {
    if (remaining === 0) return
    for await (const events of part(remaining)) {
      const page = events.slice(0, remaining)
      remaining -= page.length
      if (page.length > 0) yield page
      if (remaining === 0) break
    }
  }
}

async function* none(): Pages {}
