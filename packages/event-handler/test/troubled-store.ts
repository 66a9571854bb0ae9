import { type AppendListener, type EventStore, eventsOf, type StoredEvent, StoreUnavailableError } from '@writ/event-store'

type Operation =
  | 'readAll'
  | 'head'
  | 'register'
  | 'acquire'
  | 'renew'
  | 'release'
  | 'heartbeat'
  | 'advance'
  | 'advanceWith'
  | 'list'
  | 'due'
type Trouble = (call: number) => unknown

export interface Troubled {
  readonly store: EventStore<TestTransaction>
  /** What happens before an operation is carried out: it may throw or wait. Undefined: no trouble. */
  before: Partial<Record<Operation, Trouble | undefined>>
  /** What happens after it was carried out, before the caller hears of it. */
  after: Partial<Record<Operation, Trouble | undefined>>
  /** How often each operation was called. */
  readonly calls: Record<Operation, number>
  /** How many events of the log were given out. */
  eventsRead: number
  /** Nothing can be reached until `heal`. */
  takeAway(): void
  heal(): void
  /** Whether hints are passed on. */
  hints: boolean
  /** A hint that brings along what stands between two positions of the log. */
  bring(after: number, upTo: number): Promise<void>
  /** What committed transactions have written, in order. */
  readonly written: string[]
}

/** What an effect gets: text that is kept if the transaction is committed, and forgotten otherwise. */
export interface TestTransaction {
  write(text: string): void
}

const operations: readonly Operation[] = [
  'readAll',
  'head',
  'register',
  'acquire',
  'renew',
  'release',
  'heartbeat',
  'advance',
  'advanceWith',
  'list',
  'due',
]

export const away = (mayBeCommitted = false) =>
  new StoreUnavailableError('test', 'test', mayBeCommitted, new Error('ECONNREFUSED'))

/** A store whose operations fail or hang on command, and whose transactions can be seen. */
export function troubled(inner: EventStore): Troubled {
  const calls = Object.fromEntries(operations.map((operation) => [operation, 0])) as Record<Operation, number>
  const written: string[] = []
  const listeners = new Set<AppendListener>()
  const run = async <T>(operation: Operation, carryOut: () => Promise<T>): Promise<T> => {
    const call = ++calls[operation]
    await result.before[operation]?.(call)
    const answer = await carryOut()
    await result.after[operation]?.(call)
    return answer
  }
  const { checkpoints } = inner
  const withWrites = async (
    carryOut: (effect: () => Promise<void>) => Promise<void>,
    effect: (transaction: TestTransaction) => Promise<void>,
  ) => {
    const staged: string[] = []
    await carryOut(() => effect({ write: (text) => void staged.push(text) }))
    written.push(...staged)
  }
  const store: EventStore<TestTransaction> = {
    adapter: inner.adapter,
    parked: {
      sequences: (...args) => inner.parked.sequences(...args),
      due: (...args) => run('due', () => inner.parked.due(...args)),
      list: (...args) => inner.parked.list(...args),
      decide: (...args) => inner.parked.decide(...args),
      edit: (...args) => inner.parked.edit(...args),
    },
    projections: {
      live: (name) => inner.projections.live(name),
      swap: (name, change, effect = async () => {}) =>
        withWrites((carriedOut) => inner.projections.swap(name, change, carriedOut), effect),
      read: (work) => inner.projections.read((transaction) => work(Object.assign(transaction, { write: () => {} }))),
    },
    receipts: inner.receipts,
    snapshots: inner.snapshots,
    streams: inner.streams,
    start: () => inner.start(),
    stop: () => inner.stop(),
    append: (append) => inner.append(append),
    appendAll: (appends) => inner.appendAll(appends),
    transaction: (work) => inner.transaction((within) => work({ ...within, write: (text) => void written.push(text) })),
    readStream: (stream, options) => inner.readStream(stream, options),
    async *readAll(options) {
      await run('readAll', async () => {})
      for await (const page of inner.readAll(options)) {
        result.eventsRead += page.length
        yield page
      }
    },
    findEvents: (ids) => inner.findEvents(ids),
    head: () => run('head', () => inner.head()),
    onSteered: (listener) => inner.onSteered((subscription) => result.hints && listener(subscription)),
    onRewound: (listener) => inner.onRewound(listener),
    onAppended: (listener) => {
      listeners.add(listener)
      const forget = inner.onAppended((events) => result.hints && listener(events))
      return () => {
        listeners.delete(listener)
        forget()
      }
    },
    checkpoints: {
      register: (subscription) => run('register', () => checkpoints.register(subscription)),
      acquire: (...args) => run('acquire', () => checkpoints.acquire(...args)),
      renew: (...args) => run('renew', () => checkpoints.renew(...args)),
      release: (...args) => run('release', () => checkpoints.release(...args)),
      heartbeat: (...args) => run('heartbeat', () => checkpoints.heartbeat(...args)),
      leave: (owner) => checkpoints.leave(owner),
      advance: (...args) => run('advance', () => checkpoints.advance(...args)),
      advanceWith: (lease, position, effect, changes) =>
        run('advanceWith', () =>
          withWrites((carriedOut) => checkpoints.advanceWith(lease, position, carriedOut, changes), effect),
        ),
      pause: (subscription) => checkpoints.pause(subscription),
      resume: (subscription) => checkpoints.resume(subscription),
      reset: (subscription, position, effect = async () => {}) =>
        withWrites((carriedOut) => checkpoints.reset(subscription, position, carriedOut), effect),
      delete: (subscription, effect = async () => {}) =>
        withWrites((carriedOut) => checkpoints.delete(subscription, carriedOut), effect),
      list: (...args) => run('list', () => checkpoints.list(...args)),
    },
  }
  const result: Troubled = {
    store,
    calls,
    written,
    eventsRead: 0,
    before: {},
    after: {},
    hints: true,
    bring: async (after, upTo) => {
      const events: StoredEvent[] = []
      for await (const event of eventsOf(inner.readAll({ after, upTo }))) events.push(event)
      for (const listener of listeners) listener({ after, upTo, events })
    },
    takeAway: () => {
      for (const operation of operations) {
        result.before[operation] = () => {
          throw away()
        }
      }
    },
    heal: () => {
      result.before = {}
    },
  }
  return result
}
