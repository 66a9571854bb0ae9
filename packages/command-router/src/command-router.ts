import {
  type Aggregates,
  AggregatesStoppedError,
  type DecidedWithin,
  type Executed,
  refusedWhileApplying,
  type TransactionScope,
} from '@writ/aggregate'
import { type AnyCommand, type EventStore, InvalidOptionError } from '@writ/event-store'
import { type CommandRouterOptions, checkedOptions, type RouterSettings } from './command-router-options.js'
import { type Consistency, checkDispatchOptions, checkSetByMiddleware, type DispatchOptions } from './dispatch-options.js'
import { CausationTooDeepError } from './errors/routing-errors.js'
import { executionOf, type Way } from './execution-of.js'
import type { DispatchContext, Middleware } from './middleware.js'
import {
  type Answer,
  answerTo,
  type Dispatched,
  dispatchedOf,
  type Reply,
  type Returning,
  type ReturningState,
  replyOf,
} from './reply.js'
import type { Route } from './route.js'
import { Routes } from './routes.js'
import { runMiddleware } from './run-middleware.js'
import { streamOf } from './stream-of.js'
import { UnderWay } from './under-way.js'
import { checkWithinOptions, type Provisional, type WithinOptions } from './within-transaction.js'

const noOptions: DispatchOptions = Object.freeze({})

/** Command → route and stream, through middleware, to the aggregate. */
export class CommandRouter {
  private readonly routes: Routes
  private readonly settings: RouterSettings
  private readonly dispatching = new UnderWay()
  private isStopping = false
  // Made once, and not for each command.
  private readonly replies: Readonly<Record<Answer, (done: Executed) => object>> = {
    version: (done) => this.answered(dispatchedOf(done), 'version'),
    result: (done) => this.answered(dispatchedOf(done), 'result'),
    events: (done) => this.answered(dispatchedOf(done), 'events'),
    state: (done) => this.answered(dispatchedOf(done), 'state'),
    nothing: (done) => this.answered(dispatchedOf(done), 'nothing'),
  }
  private readonly failed = (error: unknown): never => {
    this.dispatching.ended()
    throw error
  }

  /** @throws DuplicateRouteError, DuplicateCategoryError, InvalidOptionError */
  constructor(options: CommandRouterOptions) {
    this.settings = checkedOptions(options)
    this.routes = new Routes(options.routes)
  }

  /** The types of the commands that it knows. */
  get commands(): readonly string[] {
    return this.routes.commands
  }

  /**
   * Hands a command to its handler; resolves when what was decided is stored, and seen by those whom `consistency` names.
   *
   * @throws a DomainError when it is refused
   * @throws UnknownCommandError, NotACommandError, MissingIdentityError, InvalidOptionError, CausationTooDeepError before anything is done
   * @throws what `Aggregates.execute` throws, and middleware
   */
  dispatch<C extends AnyCommand, R extends Returning = 'version'>(command: C, options?: DispatchOptions<R>): Promise<Reply<C, R>>
  dispatch(command: AnyCommand, options: DispatchOptions = noOptions): Promise<object> {
    const refused = refusedWhileApplying('dispatches a command')
    if (refused) return refused
    try {
      if (this.isStopping) throw new AggregatesStoppedError()
      if (options !== noOptions) checkDispatchOptions(options)
      return this.handle(this.routes.of(command), command, options)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * The same within a transaction that is not committed yet: the command decides on what is stored and on what the transaction has
   * decided before it.
   *
   * @returns what it comes to if the transaction is committed, and what tells afterwards what it came to
   * @throws what `dispatch` throws; after a refusal the transaction is as it was, and may go on
   * @throws WrongExpectedVersionError, RowTakenError where another writer was first: the transaction can't be committed then
   */
  async dispatchWithin<C extends AnyCommand, R extends ReturningState = never>(
    scope: TransactionScope,
    command: C,
    options: WithinOptions<R> = {},
  ): Promise<{ readonly reply: Provisional<C, R>; readonly decided: DecidedWithin | undefined }> {
    if (this.isStopping) throw new AggregatesStoppedError()
    checkWithinOptions(options)
    const route = this.routes.of(command)
    const context = this.contextOf(route, command, options, true)
    const givenId = options.commandId ?? options.idempotencyKey
    const returning = answerTo(route, options.returning)
    const execution = () =>
      executionOf(context, {
        route,
        givenId,
        fingerprint: options.fingerprint,
        retries: 0,
        returning,
        consistency: 'eventual',
      })
    let decided: DecidedWithin | undefined
    const last = async (): Promise<Dispatched> => {
      checkSetByMiddleware(context)
      decided = await scope.execute(execution())
      const { stream, version, result, state, refusal } = decided
      if (refusal) throw refusal
      const dispatched = { commandId: context.commandId, stream, version: version ?? 0, position: 0, result }
      return returning === 'state' ? { ...dispatched, state } : dispatched
    }
    const {
      position: _,
      events: __,
      ...dispatched
    } = await runMiddleware(this.middlewareOf(route, options.middleware), context, returning, last)
    const reply = { ...dispatched, events: decided?.events ?? [] }
    // The command and what it returns are known to the caller alone: which fields a reply has is decided by the value of `returning`.
    return { reply: reply as unknown as Provisional<C, R>, decided }
  }

  /** How many commands are under way. */
  get underWay(): number {
    return this.dispatching.count
  }

  /** Resolves when no command is under way. */
  async idle(): Promise<void> {
    await this.dispatching.idle()
  }

  /** Takes in no more commands, and resolves when those under way are answered. */
  async stop(): Promise<void> {
    this.isStopping = true
    await this.idle()
  }

  private handle(route: Route, command: AnyCommand, options: DispatchOptions): Promise<object> {
    const { aggregates, defaults, waitFor } = this.settings
    const way: Way = {
      route,
      aggregates: options.store ? this.elsewhere(options.store, options.consistency) : aggregates,
      givenId: options.commandId ?? options.idempotencyKey,
      fingerprint: options.fingerprint,
      timeout: options.timeout ?? defaults.timeout,
      consistency: options.consistency ?? (options.store ? 'eventual' : defaults.consistency),
      retries: options.retries ?? defaults.retries,
      returning: answerTo(route, options.returning),
    }
    if (way.consistency !== 'eventual' && !waitFor) {
      throw new InvalidOptionError(
        'dispatch',
        'consistency',
        "can only be 'eventual' where nobody can wait for handlers; give the router a waitFor",
      )
    }
    const context = this.contextOf(route, command, options, false)
    const middleware = this.middlewareOf(route, options.middleware)
    // The usual way is one promise shorter: with neither middleware nor handlers to wait for.
    if (middleware.length === 0 && way.consistency === 'eventual') {
      const executed = this.execute(context, way)
      this.dispatching.begun()
      return executed.then(this.replies[way.returning], this.failed)
    }
    return this.handleWithMiddleware(middleware, context, way)
  }

  private handleWithMiddleware(middleware: readonly Middleware[], context: DispatchContext, way: Way): Promise<object> {
    const dispatched = runMiddleware(middleware, context, way.returning, async () => {
      checkSetByMiddleware(context)
      return this.executeAndWait(context, way)
    })
    this.dispatching.begun()
    return dispatched.then((done) => this.answered(done, way.returning), this.failed)
  }

  /** @throws CausationTooDeepError, MissingIdentityError, InvalidStreamNameError */
  private contextOf(
    route: Route,
    command: AnyCommand,
    options: Omit<DispatchOptions, 'returning'>,
    isProvisional: boolean,
  ): DispatchContext {
    const { causationLimit, defaults, runtime } = this.settings
    if ((options.causationDepth ?? 0) > causationLimit) {
      throw new CausationTooDeepError(route.commandClass.type, options.causationDepth!, causationLimit)
    }
    const commandId = options.commandId ?? options.idempotencyKey ?? runtime.uuid()
    return {
      command,
      commandId,
      aggregate: route.aggregate,
      stream: streamOf(route, command),
      correlationId: options.correlationId ?? commandId,
      causationId: options.causationId,
      causationDepth: options.causationDepth,
      actor: options.actor ?? defaults.actor,
      tenant: options.tenant ?? defaults.tenant,
      trace: options.trace,
      metadata: defaults.metadata ? { ...defaults.metadata, ...options.metadata } : options.metadata,
      isProvisional,
    }
  }

  /** @throws InvalidOptionError */
  private elsewhere(store: EventStore, consistency: Consistency = 'eventual'): Aggregates {
    const { aggregatesOn } = this.settings
    if (!aggregatesOn)
      throw new InvalidOptionError('dispatch', 'store', 'needs a router that knows the aggregates of other stores')
    if (consistency === 'eventual') return aggregatesOn(store)
    throw new InvalidOptionError('dispatch', 'consistency', "can only be 'eventual' on another store: nobody handles its events")
  }

  private middlewareOf({ middleware }: Route, own: readonly Middleware[] = []): readonly Middleware[] {
    if (middleware.length === 0 && own.length === 0) return this.settings.middleware
    return [...this.settings.middleware, ...middleware, ...own]
  }

  private execute(context: DispatchContext, way: Way): Promise<Executed> {
    return way.aggregates.execute(executionOf(context, way))
  }

  private async executeAndWait(context: DispatchContext, way: Way): Promise<Dispatched> {
    const { consistency, timeout } = way
    const { runtime, waitFor } = this.settings
    const start = runtime.monotonic()
    const done = await this.execute(context, way)
    const { stream, position, types = [] } = done
    if (consistency !== 'eventual') {
      const left = Math.max(1, timeout - (runtime.monotonic() - start))
      await waitFor?.({ stream, position, types }, consistency, left)
    }
    return dispatchedOf(done)
  }

  private answered(dispatched: Dispatched, returning: Answer): object {
    this.dispatching.ended()
    return replyOf(dispatched, returning)
  }
}
