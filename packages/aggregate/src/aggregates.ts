import {
  type AppendsTogether,
  commandClassOf,
  InvalidOptionError,
  type Runtime,
  refuseUnknownOptions,
  streamName,
} from '@writ/event-store'
import { type AggregatesOptions, checkedOptions } from './aggregates-options.js'
import type { AggregateDefinition } from './definition/decider.js'
import { CommandDeadlockError } from './errors/command-deadlock-error.js'
import { ConflictsWithItselfError } from './errors/conflicts-with-itself-error.js'
import { AggregateOverloadedError, AggregatesStoppedError } from './errors/execution-errors.js'
import { InvalidAggregateError } from './errors/invalid-aggregate-error.js'
import { NestedCommandError } from './errors/nested-command-error.js'
import { NestedTransactionError } from './errors/nested-transaction-error.js'
import { type AtWork, handlerAtWork, inNobodysName, type Place } from './execution/at-work.js'
import type { CommandExecution, Executed } from './execution/command-execution.js'
import { NewStreams } from './execution/new-streams.js'
import { PendingCommand } from './execution/pending-command.js'
import { Repetitions } from './execution/repetitions.js'
import { Runtimes } from './execution/runtimes.js'
import type { Surroundings } from './execution/surroundings.js'
import { withWanted } from './execution/wanted.js'
import { checkAbsence } from './state/closed-books.js'
import type { ConfirmedState } from './state/confirmed-state.js'
import { type HistoryOptions, type HistoryStep, historyOf } from './state/history.js'
import { loadState } from './state/load-state.js'
import { type Moment, versionAt } from './state/moment.js'
import { StoredCommands } from './stored/stored-commands.js'
import { refuseUntold, storedStateOf } from './stored/stored-state-of.js'
import { TransactionScope } from './stored/transaction-scope.js'

/** What is known of one aggregate. */
export interface AggregateState<State> {
  readonly state: State
  /** 0 where the stream is absent. */
  readonly version: number
  readonly position: number
}

/** All aggregates of one application at work: which of them are in memory, and how many commands are under way. */
export class Aggregates {
  private readonly options: Required<AggregatesOptions>
  private readonly surroundings: Surroundings
  private readonly runtimes: Runtimes
  private readonly repetitions: Repetitions
  private readonly stored: StoredCommands
  private readonly background = new Set<Promise<void>>()
  private readonly stopListening: () => void
  private pending = 0
  private isStopping = false
  private drained: (() => void) | undefined

  /** @throws InvalidOptionError */
  constructor(options: AggregatesOptions) {
    this.options = checkedOptions(options)
    const { store, events, runtime, logger, cacheSize, lifespan, maxPending } = this.options
    this.surroundings = {
      store,
      events,
      logger,
      runtime,
      newStreams: new NewStreams(),
      answered: () => this.answered(),
      idle: (idle) => this.runtimes.becameIdle(idle),
      inBackground: (work) => this.inBackground(work),
    }
    this.runtimes = new Runtimes(this.surroundings, { cacheSize, lifespan })
    this.repetitions = new Repetitions(runtime, (execution) => this.enqueue(execution))
    const knownOf = (stream: string) => this.runtimes.knownOf(stream)
    this.stored = new StoredCommands({ ...this.surroundings, knownOf, maxPending })
    this.stopListening = store.onRewound(() => this.runtimes.forgetAll())
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
   * @throws CommittedNotToldError when it is stored, and what is wanted besides can't be read
   * @throws CommandTimeoutError, TooManyConflictsError, CommandIdReusedError, InvalidDecisionError, InvalidResultError
   * @throws whatever the handler threw, or the store
   */
  execute(execution: CommandExecution): Promise<Executed> {
    const sender = handlerAtWork()
    return sender ? this.executeFor(sender, execution) : this.executeAny(execution)
  }

  private executeAny(execution: CommandExecution): Promise<Executed> {
    const executed = execution.receipt ? this.repetitions.execute(execution) : this.enqueue(execution)
    return execution.wants || execution.tellsTypes ? withWanted(this.surroundings, execution, executed) : executed
  }

  /**
   * What the store has confirmed of an aggregate, read now: nothing that is only decided, and nothing that a crash could take away.
   *
   * @param at as it was then; where the stream has not come so far, as it is
   * @throws InvalidOptionError, StreamDeletedError
   * @throws BooksClosedError for a moment whose events were closed away
   */
  async stateOf<State>(definition: AggregateDefinition<State>, identity: string, at?: Moment): Promise<AggregateState<State>> {
    const { store } = this.surroundings
    const stream = streamName(definition.category, identity)
    if (at === undefined && this.isInRow(definition, stream)) return storedStateOf(store, definition, identity)
    refuseUntold(definition, stream, 'The past')
    const toVersion = at === undefined ? undefined : await versionAt(store, stream, at)
    if (toVersion === 0 && at?.version === undefined) await checkAbsence(store, stream, 0)
    if (toVersion === 0) return { state: definition.initialState(), version: 0, position: 0 }
    const known = this.runtimes.knownOf(stream) as ConfirmedState<State> | undefined
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
    this.runtimes.stop()
    this.stopListening()
  }

  /** A command that a handler has dispatched while it is at work: maybe it waits for it. */
  private async executeFor(sender: AtWork, execution: CommandExecution): Promise<Executed> {
    // Whoever decides at once can't wait, and has decided by then.
    await undefined
    if (sender.isOver) return this.executeAny(execution)
    const { stream, command } = execution
    if (sender.projection !== undefined) throw new NestedCommandError(stream, undefined, sender.projection)
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
    if (this.pending >= this.options.maxPendingTotal) return Promise.reject(new AggregateOverloadedError(undefined, this.pending))
    if (this.isInTransaction(execution.aggregate, execution.stream)) {
      this.pending++
      return this.stored.run(execution)
    }
    const runtime = this.runtimes.of(execution.stream, execution.aggregate)
    if (runtime.definition !== execution.aggregate) {
      const why = `its category '${execution.aggregate.category}' is that of another aggregate, ${runtime.definition.name}`
      return Promise.reject(new InvalidAggregateError(execution.aggregate.name, why))
    }
    if (runtime.pending >= this.options.maxPending)
      return Promise.reject(new AggregateOverloadedError(runtime.stream, runtime.pending))
    return new Promise((resolve, reject) => {
      this.pending++
      this.runtimes.hand(new PendingCommand(execution, resolve, reject, this.deadlineOf(execution)), runtime)
    })
  }

  /** A transaction of the store in which commands decide: for work that does more than one thing. */
  scopeOf(transaction: AppendsTogether, uuid: () => string): TransactionScope {
    const { surroundings } = this
    const runtime: Runtime = Object.create(surroundings.runtime, { uuid: { value: uuid } })
    const knownOf = (stream: string) => this.runtimes.knownOf(stream)
    const sender = handlerAtWork()
    const checkStream = (stream: string) => {
      const place = this.placeOf(stream)
      if (place && sender?.deciderAt(place)) throw new ConflictsWithItselfError(stream)
    }
    return new TransactionScope(transaction, { ...surroundings, runtime, knownOf }, { looksForReceipts: true, checkStream })
  }

  /** Whose work it is that asks: a handler's, a transaction's or an inline projection's, where that is one with these aggregates. */
  whoIsAtWork(): Pick<AtWork, 'stream' | 'projection'> | undefined {
    return handlerAtWork()?.thatIs(
      ({ place, transactionOf }) =>
        transactionOf === this.stored || (place !== undefined && this.placeOf(place.stream) === place),
    )
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

  /** Does what an inline projection does within an append: it can't dispatch anything. */
  whileProjecting<T>(projection: string, work: () => T): T {
    return this.stored.whileProjecting(projection, work)
  }

  /** Whether its commands are decided in a transaction of their own. */
  private isInTransaction(definition: AggregateDefinition, stream: string): boolean {
    return definition.isStateless === true || this.isInRow(definition, stream)
  }

  /** @throws StateNotToldError where the rows are out of reach, and no event tells the state */
  private isInRow(definition: AggregateDefinition, stream: string): boolean {
    if (definition.stored === undefined) return false
    if (this.options.rows === 'used') return true
    refuseUntold(definition, stream, 'The state')
    return false
  }

  private deadlineOf({ timeout }: CommandExecution): number {
    return timeout === undefined ? Number.POSITIVE_INFINITY : this.surroundings.runtime.monotonic() + timeout
  }

  private answered(): void {
    if (--this.pending === 0) this.drained?.()
  }

  private inBackground(work: Promise<void>): void {
    this.background.add(work)
    void work.finally(() => this.background.delete(work))
  }
}
