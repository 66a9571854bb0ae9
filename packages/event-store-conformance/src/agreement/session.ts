import {
  type Append,
  type AppendConditionFailedError,
  type DeleteOptions,
  type EventStore,
  hasCode,
  type Lease,
  type LeaseLostError,
  type ListOptions,
  linkTarget,
  matchesQuery,
  newLink,
  type StoredEvent,
  type StreamInfo,
  type StreamPage,
  type TruncateOptions,
  type UnknownParkedEventError,
} from '@writ/event-store'
import { allOf } from '../sample-events.js'
import { askSubscriptions, milliseconds, workFailure } from './ask-subscriptions.js'
import type { Names } from './names.js'
import type { AppendOperation, ReadGiven, ReadOperation, SeveralOperation, SideOperation, StreamOperation } from './operation.js'
import { Places } from './places.js'

/** What a store answered, in words that another store can be compared by; asked for when the places of all events are known. */
export type Answer = () => unknown

/** One store, or several on the same data, while a list of operations is asked of it. */
export class Session {
  readonly places: Places
  private readonly leases: Lease[] = []
  /** Partition → the epochs that were seen of it, in order: what numbers they have is each adapter's own. */
  private readonly epochs = new Map<string, number[]>()

  private constructor(
    private readonly stores: readonly EventStore[],
    private readonly names: Names,
    private readonly start: number,
    /** May take events out. */
    private readonly eraser: EventStore,
  ) {
    this.places = new Places(start)
  }

  static async begin(stores: readonly EventStore[], names: Names, eraser = stores[0]!): Promise<Session> {
    return new Session(stores, names, (await stores[0]!.head()).position, eraser)
  }

  /** Reads on to where the log ends; tells the events that came. */
  async follow(): Promise<readonly object[]> {
    const events = await allOf(this.store().readAll({ after: this.places.last }))
    this.places.add(events)
    return events.map((event) => this.tell(event) as object)
  }

  /** The whole list's log, as one of the processes reads it, which must be dated in its order. */
  async log(by = 0): Promise<readonly object[]> {
    const events = await allOf(this.store(by).readAll({ after: this.start }))
    const times = events.map(({ createdAt }) => createdAt.getTime())
    expect(times).toEqual([...times].sort((a, b) => a - b))
    return events.map((event) => this.tell(event) as object)
  }

  append(operation: AppendOperation): Promise<Answer> {
    const append = this.asked(operation)
    return this.answer(
      () => this.store(operation.by).append(append),
      (appended) => this.tell(appended),
      append,
    )
  }

  several(operation: SeveralOperation): Promise<Answer> {
    const all = operation.appends.map((append) => this.asked(append))
    const store = this.store()
    const transaction = async () => {
      const { appended } = await store.transaction(async (transaction) => {
        for (const append of all) transaction.append(append)
        if (operation.kind === 'transaction' && operation.fails) throw workFailure
      })
      return appended
    }
    return this.answer(
      () => (operation.kind === 'transaction' ? transaction() : store.appendAll(all)),
      (appended) => this.tell(appended),
      ...all,
    )
  }

  stream(operation: StreamOperation): Promise<Answer> {
    if (operation.kind === 'list streams') return this.list(operation)
    const { streams } = 'hard' in operation && operation.hard ? this.eraser : this.store()
    const stream = this.names.stream(operation.stream)
    const ask = (): Promise<unknown> => {
      switch (operation.kind) {
        case 'stream info':
          return streams.info(stream)
        case 'delete stream': {
          const { expects: expectedVersion, hard } = operation
          return streams.delete(stream, defined({ expectedVersion, hard }) as DeleteOptions)
        }
        case 'truncate stream': {
          const { before, hard } = operation
          return streams.truncate(stream, defined({ before, hard }) as TruncateOptions)
        }
      }
    }
    return this.answer(ask, (told) => this.tell(told))
  }

  private list({ parity, search, category, after, limit }: Extract<StreamOperation, { kind: 'list streams' }>): Promise<Answer> {
    const { names } = this
    const narrowed = {
      prefix: names.stream(parity).slice(0, -1),
      search: search === undefined ? undefined : `-${search}`,
      category,
      limit,
    }
    const all = async () => {
      const found: StreamInfo[] = []
      let next = after === undefined ? undefined : names.stream(after)
      do {
        const page: StreamPage = await this.store().streams.list(defined({ ...narrowed, after: next }) as ListOptions)
        if (page.streams.length > limit) throw new Error(`A page of ${page.streams.length} streams, of at most ${limit}`)
        found.push(...page.streams)
        next = page.next
      } while (next !== undefined)
      return found
    }
    return this.answer(all, (told) => this.tell(told))
  }

  read(operation: ReadOperation): Promise<Answer> {
    switch (operation.kind) {
      case 'head':
        return this.answer(
          () => this.store().head(),
          ({ position }) => (position === this.start ? 0 : this.places.placeOf(position)),
        )
      case 'find events':
        return this.answer(
          () => this.store().findEvents((operation.ids ?? []).map((id) => this.names.id(id))),
          (events) => events.map((event) => this.toldRecord(event)),
        )
      case 'read stream': {
        const { from: fromVersion, to: toVersion, ...options } = operation.options
        const read = defined({ fromVersion, toVersion, ...options })
        return this.readPages(() => this.store().readStream(this.names.stream(operation.stream), read), options)
      }
      case 'read all': {
        const { from = 0, to, query, stream, ...options } = operation.options
        const at = (place: number | undefined) => place && this.places.positionAt(place)
        const after = this.places.positionAt(from)
        const { names } = this
        const narrowed = { query: query && names.query(query), stream: stream?.map(names.stream) }
        const read = defined({ after, upTo: at(to), ...narrowed, ...options })
        return this.readPages(() => this.store().readAll(read), options)
      }
    }
  }

  aside(operation: SideOperation): Promise<Answer> {
    const { names, leases } = this
    const { checkpoints, receipts, snapshots } = this.store()
    const held = (which: number, use: (lease: Lease) => Promise<void>) => {
      const lease = leases[which % Math.max(leases.length, 1)]
      return this.answer(async () => lease && use(lease))
    }
    switch (operation.kind) {
      case 'find receipt':
        return this.answer(
          () => receipts.find(names.command(operation.command)),
          (receipt) => this.tell(receipt),
        )
      case 'save snapshot': {
        const { kind: _, stream, ...rest } = operation
        return this.answer(() => snapshots.save({ ...rest, stream: names.stream(stream), position: rest.version * 7 }))
      }
      case 'load snapshot':
        return this.answer(() => snapshots.load(names.stream(operation.stream), operation.schemaVersion))
      case 'delete snapshots':
        return this.answer(() => snapshots.delete(names.stream(operation.stream)))
      case 'register': {
        const { kind: _, subscription, ...rest } = operation
        return this.answer(() => checkpoints.register({ ...rest, name: names.subscription(subscription) }))
      }
      case 'acquire': {
        const partition = { subscription: names.subscription(operation.subscription), partition: operation.partition }
        return this.answer(
          async () => {
            const acquisition = await checkpoints.acquire(partition, names.owner(operation.owner), milliseconds[operation.lease])
            if (acquisition.acquired) leases.push(acquisition.lease)
            return acquisition
          },
          (acquisition) =>
            acquisition.acquired
              ? { ...acquisition, lease: this.toldEpoch(acquisition.lease) }
              : { ...acquisition, ...(acquisition.why === 'held' && { expiresIn: acquisition.expiresIn > 0 }) },
        )
      }
      case 'renew':
        return held(operation.which, (lease) => checkpoints.renew(lease, milliseconds[operation.lease]))
      case 'release':
        return held(operation.which, (lease) => checkpoints.release(lease))
      case 'advance':
        return held(operation.which, (lease) => checkpoints.advance(lease, operation.position))
      case 'advance with an effect':
        return held(operation.which, (lease) =>
          checkpoints.advanceWith(lease, operation.position, async () => {
            if (operation.fails) throw workFailure
          }),
        )
      case 'list checkpoints':
        return this.answer(
          () => checkpoints.list(names.subscription(operation.subscription)),
          (rows) => rows.map((row) => this.toldEpoch({ ...row, leaseExpiresIn: (row.leaseExpiresIn ?? 0) > 0 })),
        )
      default:
        return this.answer(
          () => askSubscriptions(operation, { store: this.store(), names, leases, toldEpoch: (of) => this.toldEpoch(of) }),
          (tell) => tell(),
        )
    }
  }

  private asked({ stream, events, expects, condition, receipts, links = [] }: AppendOperation): Append {
    const { names, places } = this
    const linked = links.map(({ id, place }) => {
      const target = places.eventAt(places.positionAt(place)) ?? { position: places.positionAt(place), id: names.id(-1) }
      return newLink(target, names.id(id))
    })
    return {
      stream: names.stream(stream),
      events: [...events.map((event) => names.event(event)), ...linked],
      ...(expects !== undefined && { expectedVersion: expects as never }),
      ...(condition && {
        condition: { failIfMatch: names.query(condition.query), after: places.positionAt(condition.after) },
      }),
      ...(receipts && { receipts: receipts.map(({ command, ...rest }) => ({ ...rest, commandId: names.command(command) })) }),
    }
  }

  private store(by = 0): EventStore {
    return this.stores[by % this.stores.length]!
  }

  private readPages(read: () => AsyncIterable<readonly StoredEvent[]>, { pageSize = 1_000 }: ReadGiven): Promise<Answer> {
    return this.answer(
      async () => {
        const events: StoredEvent[] = []
        for await (const page of read()) {
          if (page.length === 0 || page.length > pageSize)
            throw new Error(`A page of ${page.length} events, of at most ${pageSize}`)
          events.push(...page)
        }
        return events
      },
      (events) => events.map((event) => this.tell(event) as object),
    )
  }

  private async answer<T>(
    ask: () => Promise<T>,
    tell: (result: T) => unknown = (result) => result,
    ...asked: readonly Append[]
  ): Promise<Answer> {
    try {
      const result = await ask()
      return () => tell(result)
    } catch (error) {
      return () => this.toldError(error, asked)
    }
  }

  /** Whatever a store gives back, by places instead of positions, and without dates, which are each store's own. */
  private tell(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((one) => this.tell(one))
    if (typeof value !== 'object' || value === null) return value
    const told = Object.entries(value).flatMap(([key, part]): [string, unknown][] => {
      if (part === undefined || part instanceof Date) return []
      return [key === 'position' ? ['place', this.places.placeOf(part as number)] : [key, this.tell(part)]]
    })
    return Object.fromEntries(told)
  }

  /** A link's data names a position. */
  private toldRecord(record: StoredEvent): unknown {
    const target = linkTarget(record)
    return this.tell(target ? { ...record, data: { target: this.places.placeOf(target.position), id: target.id } } : record)
  }

  private toldEpoch<T extends { subscription: string; partition: number; epoch: number }>(of: T): T {
    const partition = `${of.subscription} ${of.partition}`
    const seen = this.epochs.get(partition) ?? []
    this.epochs.set(partition, seen)
    if (!seen.includes(of.epoch)) seen.push(of.epoch)
    return { ...of, epoch: seen.indexOf(of.epoch) }
  }

  /** An error's code and facts; how it is worded is each adapter's own. */
  private toldError(error: unknown, asked: readonly Append[]): object {
    if (error === workFailure) return { threw: 'what the work threw' }
    if (!(error instanceof Error && 'code' in error)) throw error
    const { name: _, why: __, ...facts } = error as typeof error & Record<string, unknown>
    if (hasCode<AppendConditionFailedError>(error, 'append-condition-failed')) {
      return { code: error.code, stream: error.stream, matches: this.isMatch(error, asked) }
    }
    // Parked events have positions of their own, which are no places.
    if (hasCode<UnknownParkedEventError>(error, 'unknown-parked-event')) return { code: error.code, sequence: error.sequence }
    return {
      ...(this.tell(facts) as object),
      ...(hasCode<LeaseLostError>(error, 'lease-lost') && { epoch: this.toldEpoch(error).epoch }),
    }
  }

  /** Which of the events that match is told of is not said. */
  private isMatch({ stream, position }: AppendConditionFailedError, asked: readonly Append[]): boolean {
    const event = this.places.eventAt(position)
    return asked.some(({ stream: one, condition }) => {
      return (
        event && one === stream && condition && position > (condition.after ?? 0) && matchesQuery(condition.failIfMatch, event)
      )
    })
  }
}

function defined<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never
}
