import {
  type AppendsTogether,
  commandClassOf,
  type EventStore,
  type EventTypes,
  eventsOf,
  hasCode,
  InvalidOptionError,
  type Logger,
  type RecordedEvent,
  type Runtime,
  refuseUnknownOptions,
  silentLogger,
  streamName,
  systemRuntime,
} from '@writ/event-store'
import type { AggregateDefinition } from './definition/decider.js'
import { CommandDeadlockError } from './errors/command-deadlock-error.js'
import {
  AggregateOverloadedError,
  AggregatesStoppedError,
  CommandIdReusedError,
  CommandTimeoutError,
} from './errors/execution-errors.js'
import { InvalidAggregateError } from './errors/invalid-aggregate-error.js'
import { NestedTransactionError } from './errors/nested-transaction-error.js'
import { type AtWork, handlerAtWork, inNobodysName, type Place } from './execution/at-work.js'
import type { CommandExecution, Executed } from './execution/command-execution.js'
import { Deadlines } from './execution/deadlines.js'
import { AggregateRuntime, type Surroundings } from './execution/execute-command.js'
import { NewStreams } from './execution/new-streams.js'
import { PendingCommand } from './execution/pending-command.js'
import { RuntimeList } from './execution/runtime-list.js'
import { checkAbsence } from './state/closed-books.js'
import type { ConfirmedState } from './state/confirmed-state.js'
import { type HistoryOptions, type HistoryStep, historyOf } from './state/history.js'
import { loadState } from './state/load-state.js'
import { type Moment, versionAt } from './state/moment.js'
import { identityIn } from './stored/identity-in.js'
import { StoredCommands } from './stored/stored-commands.js'
import { refuseUntold, storedStateOf } from './stored/stored-state-of.js'
import { TransactionScope } from './stored/transaction-scope.js'

export interface AggregatesOptions {
  readonly store: EventStore
  /** All event classes that the aggregates' streams may hold. */
  readonly events: EventTypes
  readonly runtime?: Runtime
  /** Where failing snapshots are reported; nowhere by default. */
  readonly logger?: Logger
  /** How many aggregates without anything to do stay in memory, those used last: 10,000 by default. */
  readonly cacheSize?: number
  /** Milliseconds that an aggregate stays in memory after its last command; as long as there is room by default. */
  readonly lifespan?: number
  /** How many commands may wait for one stream: 10,000 by default. */
  readonly maxPending?: number
  /** How many commands may wait in all: 100,000 by default. */
  readonly maxPendingTotal?: number
  /**
   * What becomes of state-stored aggregates: their rows are `'used'`, the default; or `'replayed'`, their states come from their events,
   * where the rows are out of reach.
   */
  readonly rows?: 'used' | 'replayed'
}

const known: Record<keyof AggregatesOptions, true> = {
  store: true,
  events: true,
  runtime: true,
  logger: true,
  cacheSize: true,
  lifespan: true,
  maxPending: true,
  maxPendingTotal: true,
  rows: true,
}

/** What is known of one aggregate. */
export interface AggregateState<State> {
  readonly state: State
  /** 0 where the stream is absent. */
  readonly version: number
  readonly position: number
}

/** All aggregates of one application at work: which of them are in memory, and how many commands are under way. */
export class Aggregates {
  private readonly store: EventStore
  private readonly events: EventTypes
  private readonly runtime: Runtime
  private readonly logger: Logger
  private readonly cacheSize: number
  private readonly lifespan: number
  private readonly maxPending: number
  private readonly maxPendingTotal: number

  private readonly runtimes = new Map<string, AggregateRuntime>()
  private readonly busy = new RuntimeList()
  private readonly idle = new RuntimeList()
  private readonly surroundings: Surroundings
  private readonly deadlines: Deadlines
  /** Commands with a given id that are under way: repetitions join them. */
  private readonly stored: StoredCommands
  private readonly joinable = new Map<string, { readonly execution: CommandExecution; readonly executed: Promise<Executed> }>()
  private readonly background = new Set<Promise<void>>()
  private readonly stopListening: () => void
  private pending = 0
  /** Whether some aggregates live for another time than the rest. */
  private haveOwnLifespans = false
  private isStopping = false
  private readonly replaysRows: boolean
  private drained: (() => void) | undefined

  /** @throws InvalidOptionError */
  constructor(options: AggregatesOptions) {
    refuseUnknownOptions('Aggregates', options, Object.keys(known))
    this.store = options.store
    this.events = options.events
    this.runtime = options.runtime ?? systemRuntime
    this.logger = options.logger ?? silentLogger
    this.cacheSize = atLeast('cacheSize', options.cacheSize ?? 10_000, 0)
    this.lifespan = atLeast('lifespan', options.lifespan ?? Number.POSITIVE_INFINITY, 0)
    this.maxPending = atLeast('maxPending', options.maxPending ?? 10_000, 1)
    this.maxPendingTotal = atLeast('maxPendingTotal', options.maxPendingTotal ?? 100_000, 1)
    this.stopListening = this.store.onRewound(() => this.forgetAll())
    this.deadlines = new Deadlines(this.runtime, (now) => this.expire(now))
    this.surroundings = {
      store: this.store,
      events: this.events,
      logger: this.logger,
      runtime: this.runtime,
      newStreams: new NewStreams(),
      answered: () => this.answered(),
      idle: (runtime) => this.becameIdle(runtime),
      inBackground: (work) => this.inBackground(work),
    }
    this.replaysRows = options.rows === 'replayed'
    const knownOf = (stream: string) => this.runtimes.get(stream)?.known
    this.stored = new StoredCommands({ ...this.surroundings, knownOf, maxPending: this.maxPending })
  }

  /** How many aggregates are in memory. */
  get cached(): number {
    return this.runtimes.size
  }

  /**
   * Lets an aggregate decide on a command; resolves when what it decided is stored.
   *
   * @throws a DomainError when it refuses
   * @throws AggregateOverloadedError, AggregatesStoppedError before anything is done
   * @throws CommandDeadlockError, NestedCommandError where a handler dispatches it, and each would wait for the other; nothing is done
   * @throws CommandTimeoutError, TooManyConflictsError, CommandIdReusedError, InvalidDecisionError, InvalidResultError
   * @throws whatever the handler threw, or the store
   */
  execute(execution: CommandExecution): Promise<Executed> {
    const sender = handlerAtWork()
    return sender ? this.executeFor(sender, execution) : this.executeAny(execution)
  }

  private executeAny(execution: CommandExecution): Promise<Executed> {
    const executed = execution.receipt ? this.executeOnce(execution) : this.enqueue(execution)
    return execution.wants || execution.tellsTypes ? this.withWanted(execution, executed) : executed
  }

  /**
   * What the store has confirmed of an aggregate, read now: nothing that is only decided, and nothing that a crash could take away.
   *
   * @param at as it was then; where the stream has not come so far, as it is
   * @throws InvalidOptionError, StreamDeletedError
   * @throws BooksClosedError for a moment whose events were closed away
   */
  async stateOf<State>(definition: AggregateDefinition<State>, identity: string, at?: Moment): Promise<AggregateState<State>> {
    const stream = streamName(definition.category, identity)
    if (at === undefined && this.isInRow(definition, stream)) return storedStateOf(this.store, definition, identity)
    refuseUntold(definition, stream, 'The past')
    const toVersion = at && (await versionAt(this.store, stream, at))
    if (toVersion === 0 && at?.version === undefined) await checkAbsence(this.store, stream, 0)
    if (toVersion === 0) return { state: definition.initialState(), version: 0, position: 0 }
    const known = this.runtimes.get(stream)?.known as ConfirmedState<State> | undefined
    const from = toVersion !== undefined && known !== undefined && known.version > toVersion ? undefined : known
    const range = toVersion === undefined ? {} : { toVersion }
    const { confirmed } = await loadState(this.surroundings, definition, stream, { from, ...range })
    return { state: definition.copy(confirmed.state), version: confirmed.version, position: confirmed.position }
  }

  /**
   * What happened to an aggregate, event by event, with the state before and after each.
   *
   * @throws InvalidOptionError
   */
  historyOf<State>(
    definition: AggregateDefinition<State>,
    identity: string,
    options: HistoryOptions = {},
  ): AsyncGenerator<HistoryStep<State>, void, undefined> {
    refuseUnknownOptions('historyOf', options, ['fromVersion', 'toVersion'])
    const { fromVersion = 1, toVersion = Number.MAX_SAFE_INTEGER } = options
    for (const [option, version] of Object.entries({ fromVersion, toVersion })) {
      if (!Number.isSafeInteger(version) || version < 0)
        throw new InvalidOptionError('historyOf', option, 'must be a whole number from 0')
    }
    refuseUntold(definition, streamName(definition.category, identity), 'The history')
    return historyOf(this.surroundings, definition, streamName(definition.category, identity), { fromVersion, toVersion })
  }

  /** Takes in no more commands, and resolves when those under way are answered. */
  async stop(): Promise<void> {
    this.isStopping = true
    if (this.pending > 0) await new Promise<void>((resolve) => (this.drained = resolve))
    await Promise.all(this.background)
    this.deadlines.stop()
    this.stopListening()
  }

  /** A command that a handler has dispatched while it is at work: maybe it waits for it. */
  private async executeFor(sender: AtWork, execution: CommandExecution): Promise<Executed> {
    // Whoever decides at once can't wait, and has decided by then.
    await undefined
    if (sender.isOver) return this.executeAny(execution)
    const { stream, command } = execution
    const place = this.placeOf(stream)
    if (place && sender.wouldWaitForItself(place))
      throw new CommandDeadlockError(commandClassOf(command).type, stream, sender.stream ?? stream)
    return inNobodysName(() => {
      const executed = this.executeAny({ ...execution, sender })
      const waitsAt = this.placeOf(stream)
      return waitsAt ? sender.waiting(waitsAt, executed) : executed
    })
  }

  private placeOf(stream: string): Place | undefined {
    return this.runtimes.get(stream) ?? this.stored.placeOf(stream)
  }

  private enqueue(execution: CommandExecution): Promise<Executed> {
    if (this.isStopping) return Promise.reject(new AggregatesStoppedError())
    if (this.pending >= this.maxPendingTotal) return Promise.reject(new AggregateOverloadedError(undefined, this.pending))
    if (this.isInTransaction(execution.aggregate, execution.stream)) {
      this.pending++
      return this.stored.run(execution)
    }
    const runtime = this.runtimeOf(execution)
    if (runtime.definition !== execution.aggregate) {
      const why = `its category '${execution.aggregate.category}' is that of another aggregate, ${runtime.definition.name}`
      return Promise.reject(new InvalidAggregateError(execution.aggregate.name, why))
    }
    if (runtime.pending >= this.maxPending) return Promise.reject(new AggregateOverloadedError(runtime.stream, runtime.pending))
    return new Promise((resolve, reject) => {
      const deadline = this.deadlineOf(execution)
      this.pending++
      if (!runtime.isBusy) this.becameBusy(runtime)
      runtime.take(new PendingCommand(execution, resolve, reject, deadline))
      this.deadlines.watch(deadline)
    })
  }

  /** A transaction of the store in which commands decide: for work that does more than one thing. */
  scopeOf(transaction: AppendsTogether, uuid: () => string): TransactionScope {
    const { surroundings } = this
    const runtime: Runtime = Object.create(surroundings.runtime, { uuid: { value: uuid } })
    const knownOf = (stream: string) => this.runtimes.get(stream)?.known
    return new TransactionScope(transaction, { ...surroundings, runtime, knownOf }, { looksForReceipts: true })
  }

  /** @throws NestedTransactionError for whoever holds a transaction already */
  refuseNestedTransaction(): void {
    const holder = handlerAtWork()?.holderOf(this.stored)
    if (holder) throw new NestedTransactionError(holder.stream)
  }

  /** Does the work of a transaction of the store; a command that it dispatches beside it can't want another one. */
  whileInTransaction<T>(work: () => T): T {
    return this.stored.whileInTransaction(work)
  }

  /** Whether its commands are decided in a transaction of their own. */
  private isInTransaction(definition: AggregateDefinition, stream: string): boolean {
    return definition.isStateless === true || this.isInRow(definition, stream)
  }

  /** @throws StateNotToldError where the rows are out of reach, and no event tells the state */
  private isInRow(definition: AggregateDefinition, stream: string): boolean {
    if (definition.stored === undefined) return false
    if (!this.replaysRows) return true
    refuseUntold(definition, stream, 'The state')
    return false
  }

  private deadlineOf({ timeout }: CommandExecution): number {
    return timeout === undefined ? Number.POSITIVE_INFINITY : this.runtime.monotonic() + timeout
  }

  private executeOnce(execution: CommandExecution): Promise<Executed> {
    const { commandId, receipt } = execution
    const first = this.joinable.get(commandId)
    if (first) {
      if (first.execution.receipt?.fingerprint !== receipt?.fingerprint) {
        return Promise.reject(new CommandIdReusedError(commandId, first.execution.stream))
      }
      return this.join(first.executed, execution)
    }
    const executed = this.enqueue(execution)
    this.joinable.set(commandId, { execution, executed })
    const done = () => void this.joinable.delete(commandId)
    executed.then(done, done)
    return executed
  }

  private async join(first: Promise<Executed>, execution: CommandExecution): Promise<Executed> {
    try {
      const { state: _, ...executed } = await this.inTime(first, execution)
      return { ...executed, repeated: true }
    } catch (error) {
      // The first one had less time; nothing was stored for it.
      if (hasCode<CommandTimeoutError>(error, 'command-timeout') && !error.mayBeCommitted) return this.executeOnce(execution)
      throw error
    }
  }

  private async inTime(first: Promise<Executed>, { timeout, stream, commandId }: CommandExecution): Promise<Executed> {
    if (timeout === undefined) return first
    const waiting = new AbortController()
    const late = this.runtime.sleep(timeout, waiting.signal).then(() => {
      if (waiting.signal.aborted) return first
      // The one that it joined goes on.
      throw new CommandTimeoutError(stream, commandId, timeout, true)
    })
    try {
      return await Promise.race([first, late])
    } finally {
      waiting.abort()
    }
  }

  /** Reads what the runtime did not have at hand. */
  private async withWanted(execution: CommandExecution, executing: Promise<Executed>): Promise<Executed> {
    const { wants, tellsTypes, aggregate } = execution
    let executed = await executing
    if (wants === 'events') executed = { ...executed, events: await this.eventsOf(executed) }
    // A repetition is answered by a receipt, or by an execution that was not asked.
    if (tellsTypes && executed.types === undefined) {
      const events = executed.events ?? (await this.eventsOf(executed))
      executed = { ...executed, types: events.map(({ type }) => type) }
    }
    if (wants !== 'state' || 'state' in executed || aggregate.isStateless) return executed
    const { stream, version } = executed
    if (aggregate.stored?.changedBy === 'decisions') {
      const { state } = await storedStateOf(this.store, aggregate, identityIn(stream, aggregate))
      return { ...executed, state }
    }
    const { confirmed } = await loadState(this.surroundings, aggregate, stream, { toVersion: version })
    return { ...executed, state: aggregate.copy(confirmed.state) }
  }

  private async eventsOf({ stream, version, eventCount }: Executed): Promise<readonly RecordedEvent[]> {
    const events: RecordedEvent[] = []
    if (eventCount === 0) return events
    const read = this.store.readStream(stream, { fromVersion: version - eventCount + 1, toVersion: version, durable: false })
    for await (const stored of eventsOf(read)) events.push(...this.events.decode(stored))
    return events
  }

  private runtimeOf({ stream, aggregate }: CommandExecution): AggregateRuntime {
    let runtime = this.runtimes.get(stream)
    if (runtime === undefined) {
      runtime = new AggregateRuntime(stream, aggregate, this.surroundings)
      this.runtimes.set(stream, runtime)
      this.idle.add(runtime)
    }
    return runtime
  }

  private becameBusy(runtime: AggregateRuntime): void {
    this.idle.remove(runtime)
    this.busy.add(runtime)
    runtime.isBusy = true
  }

  private becameIdle(runtime: AggregateRuntime): void {
    if (!runtime.isBusy) return
    this.busy.remove(runtime)
    runtime.isBusy = false
    // Without a state it is of no more use than a new one.
    if (runtime.known === undefined) {
      this.runtimes.delete(runtime.stream)
      return
    }
    this.idle.add(runtime)
    const own = runtime.lifespan.milliseconds
    if (own === 0) this.forget(runtime)
    else if (this.idle.size > this.cacheSize) this.forget(this.idle.first!)
    const lifespan = own ?? this.lifespan
    if (lifespan === Number.POSITIVE_INFINITY) return
    this.haveOwnLifespans ||= own !== undefined
    runtime.idleSince = this.runtime.monotonic()
    this.deadlines.watch(runtime.idleSince + lifespan)
  }

  private forget(runtime: AggregateRuntime): void {
    this.idle.remove(runtime)
    this.runtimes.delete(runtime.stream)
  }

  /** The log was rewound: whatever is in memory may rest on events that are gone. */
  private forgetAll(): void {
    for (let runtime = this.idle.first; runtime; runtime = this.idle.first) this.forget(runtime)
    for (let runtime = this.busy.first, next = runtime?.next; runtime; runtime = next, next = runtime?.next) runtime.forget()
  }

  private answered(): void {
    if (--this.pending === 0) this.drained?.()
  }

  private inBackground(work: Promise<void>): void {
    this.background.add(work)
    void work.finally(() => this.background.delete(work))
  }

  private expire(now: number): number {
    let earliest = Number.POSITIVE_INFINITY
    for (let runtime = this.busy.first, next = runtime?.next; runtime; runtime = next, next = runtime?.next) {
      earliest = Math.min(earliest, runtime.expire(now))
    }
    for (let runtime = this.idle.first, next = runtime?.next; runtime; runtime = next, next = runtime?.next) {
      const end = runtime.idleSince + (runtime.lifespan.milliseconds ?? this.lifespan)
      if (end <= now) this.forget(runtime)
      else {
        earliest = Math.min(earliest, end)
        // They stand in the order in which they became idle.
        if (!this.haveOwnLifespans) break
      }
    }
    return earliest
  }
}

function atLeast(option: string, value: number, least: number): number {
  const isWhole = Number.isSafeInteger(value) || (option === 'lifespan' && value === Number.POSITIVE_INFINITY)
  if (!isWhole || value < least) throw new InvalidOptionError('Aggregates', option, `must be an integer from ${least}`)
  return value
}
