import {
  type AggregateDefinition,
  type AggregateState,
  type HistoryOptions,
  type HistoryStep,
  type Moment,
  refusedWhileApplying,
} from '@writ/aggregate'
import type { DispatchOptions, Reply, Returning } from '@writ/command-router'
import type {
  LiveProjectionDefinition,
  LiveState,
  Parked,
  Projections,
  ProjectionTarget,
  ReadModelRead,
} from '@writ/event-handler'
import {
  type AnyCommand,
  type AnyEvent,
  type Class,
  type EventStore,
  type EventTypes,
  InvalidOptionError,
  type RecordedEvent,
  refuseUnknownOptions,
} from '@writ/event-store'
import { branchEventStore } from '@writ/event-store-branch'
import type { Container, ServiceIdentifier } from 'inversify'
import type { Observable } from 'rxjs'
import { ApplicationTransactions } from './application-transactions.js'
import { Branch, type BranchOptions, branchModules, checkBranchOptions, positionAt } from './branch.js'
import { checkOptions } from './check-options.js'
import { continueProcessManagers, progressOf } from './continue-process-managers.js'
import { type EventSelection, eventStream } from './event-stream.js'
import { type Health, readHealth } from './health.js'
import { Lifecycle } from './lifecycle.js'
import { type LiveOptions, readLive } from './live.js'
import type { Module } from './module.js'
import { type ApplicationOptions, overridden } from './options.js'
import { type Handler, parkedOf } from './parked.js'
import { type Parts, wired } from './parts.js'
import { type PositionToken, positionIn, positionToken } from './position-token.js'
import { untilSettled } from './settled.js'
import { type SignalOptions, stopOnSignals } from './stop-on-signals.js'
import { ApplicationSubscriptions } from './subscriptions.js'
import type { ApplicationTransaction, Transacted, TransactionOptions, WorkOptions } from './transaction.js'

export interface WaitOptions {
  /** The names of the handlers to wait for; all strong ones by default. */
  readonly handlers?: readonly string[]
  /** Milliseconds; 5,000 by default. */
  readonly timeout?: number
}

/**
 * One application: its modules over one store. Several live in one process.
 *
 * @example
 * const app = await Application.create({ store: postgresEventStore({ connectionString }), modules: [bank] })
 * await app.start()
 * @typeParam Transaction what work in a transaction of the store gets, beside `append`
 */
export class Application<Transaction extends object = object> {
  readonly name: string
  /** The store that it was given, for reading the log; what is written goes through `dispatch` or `transaction`. */
  readonly store: EventStore<Transaction>
  private readonly lifecycle: Lifecycle
  private readonly transactions: ApplicationTransactions<Transaction>
  /** Those that are not discarded yet. */
  private readonly branches = new Set<Branch>()
  /** What branches are made of: of an application that is one itself, also what does not run there. */
  private modules: readonly Module[]

  private constructor(
    private readonly options: ApplicationOptions,
    private readonly parts: Parts<Transaction>,
  ) {
    this.modules = options.modules
    this.name = parts.name
    this.store = parts.store
    this.transactions = new ApplicationTransactions(parts)
    this.lifecycle = new Lifecycle(parts, options, async () => {
      for (const branch of [...this.branches]) await branch.discard()
    })
  }

  /**
   * Puts an application together and checks all of it; starts nothing.
   *
   * @param given what the application is; it counts more than the defaults
   * @param overrides what is otherwise here and now, as in a test: it counts most. Groups of options are merged key by key, lists are replaced
   * @throws the typed error of the one problem that there is, or InvalidApplicationError that lists them all: two handlers for a
   *   command, none, duplicate names, a missing identity, a class in the wrong decorator mode, circular injection, unknown options
   */
  static async create<Transaction extends object = object>(
    given: ApplicationOptions<Transaction>,
    overrides: Partial<ApplicationOptions<Transaction>> = {},
  ): Promise<Application<Transaction>> {
    const options = overridden(given, overrides)
    checkOptions(options)
    return new Application(options, wired(options))
  }

  /**
   * Makes the store ready and begins the subscriptions. A start that fails may be tried again, or ended with `stop`.
   *
   * @throws StoreUnavailableError when the store can't be reached
   * @throws StoreInUseError where another application of this process runs on the same store object
   */
  start(): Promise<void> {
    return this.lifecycle.start()
  }

  /**
   * Hands a command to its handler, and answers when what it decided is stored.
   *
   * @throws DomainError when the handler refuses the command; nothing was stored
   * @throws ApplicationNotRunningError before the start and from the stop on
   * @throws WaitsForItselfError, UnknownHandlerError for a consistency that can't be waited for; nothing was stored
   * @throws CausationTooDeepError when handlers and commands follow from each other without end; nothing was stored
   * @throws NotYetVisibleError when it is stored, and the handlers to wait for have not seen it in time
   * @throws CommittedButParkedError when it is stored, and one of them has put it aside because it failed on it
   * @throws CommittedNotToldError when it is stored, and the events or the state that are to be returned can't be read
   * @throws whatever else `CommandRouter.dispatch` throws
   */
  dispatch<C extends AnyCommand, R extends Returning = 'version'>(
    command: C,
    options?: DispatchOptions<R>,
  ): Promise<Reply<C, R>> {
    const refused = refusedWhileApplying('dispatches a command')
    if (refused) return refused
    let checked: DispatchOptions<R> | undefined
    try {
      checked = this.checkedDispatch(options)
    } catch (error) {
      return Promise.reject(error)
    }
    const { lifecycle } = this
    lifecycle.begun()
    return this.parts.router.dispatch(command, checked).then(lifecycle.succeeded, lifecycle.failed)
  }

  /**
   * Carries out work in a transaction of the store, and writes the events that it appends, and those of the commands that it dispatches, as
   * the transaction's last step: together with the rows that the work changed, or not at all.
   *
   * @param work gets what the store's transactions give (on PostgreSQL `sql` and `client`), `append`, and a `dispatch` of its own
   * @param options whose metadata every event has, a new correlation id by default; how often the work is repeated, and who is waited for
   * @returns what the work returned, the version and position after each append, and what each command came to
   * @throws ApplicationNotRunningError, InvalidOptionError
   * @throws UnlistedEventError for an event of a class that no module lists; nothing was written
   * @throws NestedTransactionError within the work of another one, or in a handler that decides in one; nothing was done
   * @throws TransactionConflictError where another writer was first, and commands were decided on what was before; nothing was written
   * @throws NotYetVisibleError when it is stored, and the handlers to wait for have not seen it in time
   * @throws what the work throws, and what `transaction` of the store throws; nothing was written, unless it says otherwise
   * @example
   * await app.transaction(async ({ sql, dispatch }) => {
   *   await sql`insert into payments (account, amount) values (${account}, ${amount})`
   *   await dispatch(new DepositMoney({ account, amount }))
   * })
   */
  async transaction<T>(
    work: (transaction: ApplicationTransaction<Transaction>) => Promise<T>,
    options: TransactionOptions = {},
  ): Promise<Transacted<T>> {
    const { lifecycle } = this
    lifecycle.check('run a transaction')
    lifecycle.begun()
    return this.transactions.run(work, options).finally(() => lifecycle.ended())
  }

  /**
   * Carries out work on a transaction of your own, as `transaction` does; its COMMIT, which is yours, writes the events together with your
   * rows, or fails. Where the store can: on PostgreSQL, with a `pg` client.
   *
   * What commands come to is provisional until then, and nothing is locked. On PostgreSQL a refused COMMIT fails with a driver's error that
   * `refusalOfCommit` translates: roll back, and begin anew. Do all of it in one call: a second one would not see the first, and is refused.
   *
   * @param client on which the transaction is open
   * @returns what the work returned
   * @throws CapabilityMissingError where the store can't join transactions
   * @throws what the work and the store throw; then roll back
   * @example
   * await client.query('begin')
   * await app.within(client, ({ dispatch }) => dispatch(new DepositMoney({ account, amount })))
   * await client.query('commit')
   */
  async within<T>(
    client: object,
    work: (transaction: ApplicationTransaction<Transaction>) => Promise<T>,
    options: WorkOptions = {},
  ): Promise<T> {
    const { lifecycle } = this
    lifecycle.check('work within a transaction')
    lifecycle.begun()
    return this.transactions.within(client, work, options).finally(() => lifecycle.ended())
  }

  /**
   * Waits until handlers have seen everything up to a position, also handlers that run in another process.
   *
   * @param position as an append or a dispatch returned it, or a token of it
   * @throws InvalidOptionError, InvalidPositionTokenError, StalePositionTokenError
   * @throws NotYetVisibleError (`committed-not-yet-visible`) when the time is up or one of them has stopped
   * @throws CommittedButParkedError (`committed-but-parked`) when one of them has put aside the event at the position
   */
  async waitFor(position: number | PositionToken, options: WaitOptions = {}): Promise<void> {
    this.lifecycle.check('wait')
    refuseUnknownOptions('waitFor', options, ['handlers', 'timeout'])
    const { handlers, timeout = 5_000 } = options
    checkTimeout('waitFor', timeout)
    if (handlers !== undefined && !Array.isArray(handlers))
      throw new InvalidOptionError('waitFor', 'handlers', 'must be a list of names')
    const awaited =
      typeof position === 'number' ? checkedPosition('waitFor', position) : positionIn(position, this.lifecycle.incarnation)
    await this.parts.subscriptions.waitFor(awaited, handlers ?? 'strong', { timeout })
  }

  /**
   * A position as text that a client can carry, in a header, a link or a cookie: letters, digits, `-` and `_`. Where the log was restored or
   * replaced meanwhile, `waitFor` refuses it instead of waiting for another event.
   */
  positionToken(position: number): PositionToken {
    this.lifecycle.check('tell a position')
    return positionToken(checkedPosition('positionToken', position), this.lifecycle.incarnation)
  }

  /**
   * The events that a handler has put aside because it failed on them, and those that wait behind them: to look at, to edit a copy, to try
   * again, to discard. What is decided is written to the log, and carried out by the process that runs the handler.
   *
   * @param handler its name, a projection's with or without version, or its class
   * @throws ApplicationNotRunningError
   * @throws UnknownHandlerError with the nearest name
   * @example for (const { event, attempts } of await app.parked(WithdrawalMails).list()) …
   * @example await app.parked('withdrawal-mails').retry({ sequence: 'account-42' }, { wait: true })
   */
  parked(handler: Handler): Parked {
    this.lifecycle.check('look at parked events')
    return parkedOf(handler, this.parts.composition, this.parts.subscriptions)
  }

  /**
   * The event handlers, projections and process managers as what the store knows them by: how they are, and what can be done to them while
   * they run, in all processes at once.
   *
   * @example await app.subscriptions.pause('withdrawal-mails')
   */
  get subscriptions(): ApplicationSubscriptions {
    const { subscriptions, composition } = this.parts
    return new ApplicationSubscriptions(subscriptions, composition, (operation) => this.lifecycle.check(operation))
  }

  /**
   * Waits until nothing is under way any more: no command or transaction of this process, and no handler of what is in the log, in whatever
   * process it runs. For scripts that end when all is done, and for tests.
   *
   * @param options.timeout milliseconds that handlers may take: 5,000 by default; a command takes as long as its own timeout lets it
   * @throws NeverSettledError at once, within a handler, a transaction or an inline projection: it would wait for itself
   * @throws NotYetVisibleError (`committed-not-yet-visible`) when the time is up or a handler has stopped
   */
  async settled(options: { readonly timeout?: number } = {}): Promise<void> {
    this.lifecycle.check('settle')
    refuseUnknownOptions('settled', options, ['timeout'])
    const { timeout = 5_000 } = options
    checkTimeout('settled', timeout)
    await untilSettled({ parts: this.parts, transactions: this.transactions, timeout })
  }

  /**
   * An aggregate's confirmed state, its own to keep: what commands have decided and the store has not confirmed is not in it.
   *
   * @param options.at as it was at a version, a position or a date; where it has not come so far, as it is, and `version` says so
   * @throws InvalidOptionError
   * @throws UnknownAggregateError for one that no module lists
   * @example await app.stateOf(Account, '42', { at: { date: new Date('2026-01-01') } })
   */
  async stateOf<S>(
    aggregate: Class<S> | AggregateDefinition<S>,
    identity: string,
    options: { readonly at?: Moment } = {},
  ): Promise<AggregateState<S>> {
    this.lifecycle.check('read a state')
    refuseUnknownOptions('stateOf', options, ['at'])
    checkIdentity('stateOf', identity)
    const definition = this.parts.composition.listedAggregate(aggregate as Class<object> | AggregateDefinition)
    const read = await this.parts.aggregates.stateOf(definition, identity, options.at)
    return read as AggregateState<S>
  }

  /**
   * What happened to an aggregate, event by event: each with the state before it, the state after it, and the fields that changed.
   *
   * @throws ApplicationNotRunningError, InvalidOptionError, UnknownAggregateError
   * @example for await (const { event, changes } of app.historyOf(Account, '42')) …
   */
  historyOf<S>(
    aggregate: Class<S> | AggregateDefinition<S>,
    identity: string,
    options: HistoryOptions = {},
  ): AsyncIterable<HistoryStep<S>> {
    this.lifecycle.check('read a history')
    checkIdentity('historyOf', identity)
    const definition = this.parts.composition.listedAggregate(aggregate as Class<object> | AggregateDefinition)
    return this.parts.aggregates.historyOf(definition as AggregateDefinition<S>, identity, options)
  }

  /**
   * Events as they come: those that are there already, then new ones, until it is unsubscribed; only what no crash can take away.
   *
   * @param selection from which position on, of which classes and with which tags; or one stream
   * @param each what is made of an event; it is awaited before the next one is handed out, so a slow consumer is never flooded
   * @example app.events({ after, types: [MoneyDeposited] }).subscribe(({ data, position }) => …)
   */
  events<E extends AnyEvent>(selection?: EventSelection<E>): Observable<RecordedEvent<E>>
  events<E extends AnyEvent, T>(selection: EventSelection<E>, each: (event: RecordedEvent<E>) => T | Promise<T>): Observable<T>
  events<E extends AnyEvent>(
    selection: EventSelection<E> = {},
    each: (event: RecordedEvent<E>) => unknown = (event) => event,
  ): Observable<unknown> {
    const { store, runtime } = this.parts
    return eventStream({ store, types: this.eventTypes, runtime }, selection, each)
  }

  /**
   * Reads a projection's rows: of the version that is live, which is looked up in the same snapshot. Where this process has only the code of
   * another one, of the newest that it has and that is kept up; so old and new code can serve at once.
   *
   * @param work gets what the store gives to reads (on PostgreSQL `sql`, in a transaction that can't write), and the version's `table`
   * @throws ApplicationNotRunningError, InvalidOptionError, UnknownProjectionError
   * @throws ReadModelNotReadyError while the only version that this process has is being built
   * @throws what the work throws
   * @example await app.readModel(AccountBalances, ({ sql, table }) => sql`select balance from ${table('balances')} where account = ${account}`)
   */
  async readModel<T>(projection: ProjectionTarget, work: (read: ReadModelRead<Transaction>) => T | Promise<T>): Promise<T> {
    this.lifecycle.check('read a projection')
    if (typeof work !== 'function') throw new InvalidOptionError('readModel', 'work', 'must be a function')
    return this.parts.projections.read(projection, work)
  }

  /** The versions of its projections: how far they have come, and what compares, swaps, rolls back and drops them. */
  get projections(): Pick<Projections<Transaction>, 'status' | 'compare' | 'swap' | 'rollBack' | 'replay' | 'drop'> {
    this.lifecycle.check('look after projections')
    return this.parts.projections
  }

  /**
   * Folds a live projection from the log, now or as it was; nothing of it is kept. A class with `@LiveProjection`, a value of
   * `liveProjection({ … })`, or an in-memory class with `@Projection` whose constructor wants nothing.
   *
   * @returns the state, and the position that it is as of
   * @throws ApplicationNotRunningError, InvalidOptionError, InvalidSubscriptionError, NotDecoratedError
   * @example const { state } = await app.live(Turnover, { at: { date: new Date('2026-01-01') } })
   */
  async live<S>(projection: Class<S & object> | LiveProjectionDefinition<S>, options: LiveOptions = {}): Promise<LiveState<S>> {
    this.lifecycle.check('fold a projection')
    return readLive(this.store, this.eventTypes, projection, options)
  }

  /**
   * What if: an application of the same modules over a store that begins as this one's, now or at a moment of the past, and goes on by
   * itself in memory. This application, its store and its read models stay as they are.
   *
   * @returns a running one; `discard` ends it, and so does the end of this application
   * @throws InvalidOptionError
   * @example const what = await app.branch(); await what.app.dispatch(new CloseAccount({ account })); await what.discard()
   */
  async branch(options: BranchOptions = {}): Promise<Branch> {
    this.lifecycle.check('branch')
    const { store: base, runtime, logger } = this.parts
    const modules = options?.modules ?? this.modules
    checkBranchOptions(options, modules)
    // What only handlers have named that don't run there is read there all the same.
    const known = options.modules ? [] : [{ name: `what ${this.name} knows`, events: [...this.eventTypes.known] }]
    const progress = await progressOf(base)
    const at = options.at && (await positionAt(base, options.at))
    const store = branchEventStore({ base, runtime, logger, ...(at !== undefined && { at }) })
    const app = await Application.create(this.options, {
      store,
      modules: [...branchModules(modules, options), ...known],
      name: `${this.name}.branch`.slice(-60),
    })
    app.modules = modules
    const branch = new Branch(app, store, this, app.eventTypes, () => this.branches.delete(branch))
    this.lifecycle.check('branch')
    // From now on it ends with this application, though that may be before it has begun.
    this.branches.add(branch)
    try {
      await store.start()
      await continueProcessManagers(app.parts.composition.processManagers, { base, progress, branch: store })
      await app.start()
      this.lifecycle.check('branch')
      return branch
    } catch (error) {
      await branch.discard()
      this.lifecycle.check('branch')
      throw error
    }
  }

  /** What it knows of events, for whoever reads its store: stored events → today's. */
  get eventTypes(): EventTypes {
    return this.parts.composition.events
  }

  /** Something from the container that the modules have filled. */
  get<T>(service: ServiceIdentifier<T>): T {
    return this.parts.composition.container.get(service)
  }

  /** The container, for what `get` can't say. */
  get container(): Container {
    return this.parts.composition.container
  }

  /** How it is, asked anew at each call; never throws, also when the store is away. */
  health(): Promise<Health> {
    const { store, subscriptions, projections, runtime } = this.parts
    return readHealth({ state: this.lifecycle.state, store, subscriptions, projections, types: this.eventTypes, runtime })
  }

  /**
   * Stops in order: takes no more commands, finishes those under way, then handlers, checkpoints, leases, and the store.
   *
   * To call it twice is harmless.
   *
   * @throws StopTimedOutError when that takes longer than `stopTimeout`
   */
  stop(): Promise<void> {
    return this.lifecycle.stop()
  }

  /**
   * Stops when the process is asked to end (SIGTERM or SIGINT), and exits; a second signal exits at once.
   *
   * @returns takes the listeners away again
   */
  stopOnSignals(options: SignalOptions = {}): () => void {
    return stopOnSignals(() => this.stop(), this.parts.logger, options)
  }

  /** A dispatch that is refused here has not begun. */
  private checkedDispatch<R extends Returning>(options: DispatchOptions<R> | undefined): DispatchOptions<R> | undefined {
    this.lifecycle.check('dispatch')
    const { subscriptions, defaults } = this.parts
    const awaited = options?.consistency ?? (options?.store ? 'eventual' : defaults.consistency)
    // Told before anything is stored: a handler that would wait for itself, a name that nobody has.
    if (awaited === 'strong' || Array.isArray(awaited)) subscriptions.checkWait(awaited)
    // Within a handler it follows from the event there, whether or not the handler says so.
    const causationDepth = options?.causationDepth ?? subscriptions.causationDepth()
    return causationDepth === 0 ? options : { ...options, causationDepth }
  }
}

/** No command can have such an identity, so that only a mistake asks for it. */
function checkIdentity(operation: string, identity: string): void {
  if (typeof identity === 'string' && identity !== '') return
  throw new InvalidOptionError(operation, 'identity', 'must be text that is not empty')
}

function checkTimeout(operation: string, timeout: number): void {
  if (Number.isFinite(timeout) && timeout >= 0 && timeout <= 2_147_483_647) return
  throw new InvalidOptionError(operation, 'timeout', 'must be milliseconds from 0, and no more than a timer can wait')
}

function checkedPosition(operation: string, position: number): number {
  if (Number.isSafeInteger(position) && position >= 0) return position
  throw new InvalidOptionError(operation, 'position', 'must be a whole number from 0')
}
