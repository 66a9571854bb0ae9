import {
  type Aggregates,
  AggregatesStoppedError,
  type CommandExecution,
  type DecidedWithin,
  type Executed,
  refusedWhileApplying,
  type TransactionScope,
} from '@writ/aggregate'
import {
  type AnyCommand,
  commandClassOf,
  type EventMetadata,
  type EventStore,
  InvalidOptionError,
  isCommand,
  type JsonObject,
  type Runtime,
  refuseUnknownOptions,
  systemRuntime,
  toPlainJson,
} from '@writ/event-store'
import {
  type Consistency,
  checkDispatchDefaults,
  checkDispatchOptions,
  checkSetByMiddleware,
  type DispatchDefaults,
  type DispatchOptions,
} from './dispatch-options.js'
import {
  CausationTooDeepError,
  DuplicateCategoryError,
  DuplicateRouteError,
  NotACommandError,
  UnknownCommandError,
} from './errors/routing-errors.js'
import { fingerprintOf } from './fingerprint.js'
import type { DispatchContext, Middleware } from './middleware.js'
import { type Answer, answerTo, type Dispatched, type Reply, type Returning, type ReturningState, replyOf } from './reply.js'
import type { Route } from './route.js'
import { runMiddleware } from './run-middleware.js'
import { streamOf } from './stream-of.js'
import { checkWithinOptions, type Provisional, type WithinOptions } from './within-transaction.js'

/** Waits until handlers have seen what a command has written: all strongly consistent ones, or those named. */
export type WaitFor = (decided: DecidedEvents, handlers: 'strong' | readonly string[], timeout: number) => Promise<void>

/** The events of one command; they stand next to each other. */
export interface DecidedEvents {
  readonly stream: string
  /** The last one's position; where nothing was decided, that of the stream's last event. */
  readonly position: number
  /** Their types, in their order; none where nothing was decided. */
  readonly types: readonly string[]
}

export interface CommandRouterOptions {
  /** From `route`, `routesOf`, `commandHandlerOf`; a command has exactly one. */
  readonly routes: readonly Route[]
  readonly aggregates: Aggregates
  /** Those on another store, for a dispatch that names one: the same ones for the same store. Without it no dispatch may. */
  readonly aggregatesOn?: (store: EventStore) => Aggregates
  /** Around every command, the first one outermost. */
  readonly middleware?: readonly Middleware[]
  readonly runtime?: Runtime
  /** Needed for any consistency but 'eventual'. */
  readonly waitFor?: WaitFor
  readonly defaults?: DispatchDefaults
  /** How many events, each the cause of the next, a command may follow from: 100 by default. What goes in a circle ends there. */
  readonly causationLimit?: number
}

const known: Record<keyof CommandRouterOptions, true> = {
  routes: true,
  aggregates: true,
  aggregatesOn: true,
  middleware: true,
  runtime: true,
  waitFor: true,
  defaults: true,
  causationLimit: true,
}

const noOptions: DispatchOptions = Object.freeze({})

/** Command → route and stream, through middleware, to the aggregate. */
export class CommandRouter {
  private readonly routes = new Map<string, Route>()
  private readonly aggregates: Aggregates
  private readonly aggregatesOn: CommandRouterOptions['aggregatesOn']
  private readonly middleware: readonly Middleware[]
  private readonly runtime: Runtime
  private readonly waitFor: WaitFor | undefined
  private readonly defaults: DispatchDefaults & Required<Pick<DispatchDefaults, 'timeout' | 'consistency' | 'retries'>>
  private readonly causationLimit: number
  private dispatching = 0
  private isStopping = false
  private readonly drained = new Set<() => void>()
  // Made once, and not for each command.
  private readonly replies: Readonly<Record<Answer, (done: Executed) => object>> = {
    version: (done) => this.answered(dispatchedOf(done), 'version'),
    result: (done) => this.answered(dispatchedOf(done), 'result'),
    events: (done) => this.answered(dispatchedOf(done), 'events'),
    state: (done) => this.answered(dispatchedOf(done), 'state'),
    nothing: (done) => this.answered(dispatchedOf(done), 'nothing'),
  }
  private readonly failed = (error: unknown): never => {
    this.ended()
    throw error
  }

  /** @throws DuplicateRouteError, DuplicateCategoryError, InvalidOptionError */
  constructor(options: CommandRouterOptions) {
    refuseUnknownOptions('CommandRouter', options, Object.keys(known))
    this.aggregates = options.aggregates
    this.aggregatesOn = options.aggregatesOn
    this.middleware = options.middleware ?? []
    this.runtime = options.runtime ?? systemRuntime
    this.waitFor = options.waitFor
    this.causationLimit = options.causationLimit ?? 100
    if (!(this.causationLimit >= 1)) throw new InvalidOptionError('CommandRouter', 'causationLimit', 'must be a number from 1')
    checkDispatchDefaults(options.defaults ?? {})
    this.defaults = { timeout: 30_000, consistency: 'eventual', retries: 10, ...options.defaults }
    const categories = new Map<string, Route['aggregate']>()
    for (const route of options.routes) {
      this.add(route)
      const { aggregate } = route
      if (aggregate.isStateless) continue
      const other = categories.get(aggregate.category)
      if (other && other !== aggregate) throw new DuplicateCategoryError(aggregate.category, [other.name, aggregate.name])
      categories.set(aggregate.category, aggregate)
    }
  }

  /** The types of the commands that it knows. */
  get commands(): readonly string[] {
    return [...this.routes.keys()]
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
      return this.handle(this.routeOf(command), command, options)
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
    const route = this.routeOf(command)
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
    } = await runMiddleware(this.middlewareOf(route, options.middleware), context, last)
    const reply = { ...dispatched, events: decided?.events ?? [] }
    // The command and what it returns are known to the caller alone: which fields a reply has is decided by the value of `returning`.
    return { reply: reply as unknown as Provisional<C, R>, decided }
  }

  /** How many commands are under way. */
  get underWay(): number {
    return this.dispatching
  }

  /** Resolves when no command is under way. */
  async idle(): Promise<void> {
    if (this.dispatching > 0) await new Promise<void>((resolve) => this.drained.add(resolve))
  }

  /** Takes in no more commands, and resolves when those under way are answered. */
  async stop(): Promise<void> {
    this.isStopping = true
    await this.idle()
  }

  private add(route: Route): void {
    const { type } = route.commandClass
    const other = this.routes.get(type)
    if (other) throw new DuplicateRouteError(type, [other.handler, route.handler])
    this.routes.set(type, route)
  }

  private routeOf(command: AnyCommand): Route {
    if (!isCommand(command)) throw new NotACommandError(described(command))
    const { type } = commandClassOf(command)
    const route = this.routes.get(type)
    if (!route) throw new UnknownCommandError(type, this.commands)
    return route
  }

  private handle(route: Route, command: AnyCommand, options: DispatchOptions): Promise<object> {
    const { defaults } = this
    const way: Way = {
      route,
      aggregates: options.store ? this.elsewhere(options.store, options.consistency) : this.aggregates,
      givenId: options.commandId ?? options.idempotencyKey,
      fingerprint: options.fingerprint,
      timeout: options.timeout ?? defaults.timeout,
      consistency: options.consistency ?? (options.store ? 'eventual' : defaults.consistency),
      retries: options.retries ?? defaults.retries,
      returning: answerTo(route, options.returning),
    }
    if (way.consistency !== 'eventual' && !this.waitFor) {
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
      this.dispatching++
      return executed.then(this.replies[way.returning], this.failed)
    }
    return this.handleWithMiddleware(middleware, context, way)
  }

  private handleWithMiddleware(middleware: readonly Middleware[], context: DispatchContext, way: Way): Promise<object> {
    const dispatched = runMiddleware(middleware, context, async () => {
      checkSetByMiddleware(context)
      return this.executeAndWait(context, way)
    })
    this.dispatching++
    return dispatched.then((done) => this.answered(done, way.returning), this.failed)
  }

  /** @throws CausationTooDeepError, MissingIdentityError, InvalidStreamNameError */
  private contextOf(
    route: Route,
    command: AnyCommand,
    options: Omit<DispatchOptions, 'returning'>,
    isProvisional: boolean,
  ): DispatchContext {
    const { defaults } = this
    if ((options.causationDepth ?? 0) > this.causationLimit) {
      throw new CausationTooDeepError(route.commandClass.type, options.causationDepth!, this.causationLimit)
    }
    const commandId = options.commandId ?? options.idempotencyKey ?? this.runtime.uuid()
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
    if (!this.aggregatesOn)
      throw new InvalidOptionError('dispatch', 'store', 'needs a router that knows the aggregates of other stores')
    if (consistency === 'eventual') return this.aggregatesOn(store)
    throw new InvalidOptionError('dispatch', 'consistency', "can only be 'eventual' on another store: nobody handles its events")
  }

  private middlewareOf({ middleware }: Route, own: readonly Middleware[] = []): readonly Middleware[] {
    if (middleware.length === 0 && own.length === 0) return this.middleware
    return [...this.middleware, ...middleware, ...own]
  }

  private execute(context: DispatchContext, way: Way): Promise<Executed> {
    return way.aggregates.execute(executionOf(context, way))
  }

  private async executeAndWait(context: DispatchContext, way: Way): Promise<Dispatched> {
    const { consistency, timeout } = way
    const start = this.runtime.monotonic()
    const done = await this.execute(context, way)
    const { stream, position, types = [] } = done
    if (consistency !== 'eventual') {
      const left = Math.max(1, timeout - (this.runtime.monotonic() - start))
      await this.waitFor?.({ stream, position, types }, consistency, left)
    }
    return dispatchedOf(done)
  }

  private answered(dispatched: Dispatched, returning: Answer): object {
    this.ended()
    return replyOf(dispatched, returning)
  }

  private ended(): void {
    if (--this.dispatching > 0) return
    for (const resolve of this.drained) resolve()
    this.drained.clear()
  }
}

/** What an aggregate is told of a command. */
function executionOf(context: DispatchContext, way: Omit<Way, 'aggregates' | 'timeout'> & Partial<Way>): CommandExecution {
  const { command, commandId, stream } = context
  const { route, givenId, returning } = way
  return {
    aggregate: route.aggregate,
    stream,
    command,
    commandId,
    receipt: givenId === undefined ? undefined : { fingerprint: way.fingerprint ?? fingerprintOf(command) },
    metadata: metadataOf(context),
    decide: route.decide,
    boundary: route.boundary?.(command),
    boundaryState: boundaryStateOf(route, command),
    retries: way.retries,
    timeout: way.timeout,
    wants: returning === 'state' || returning === 'events' ? returning : undefined,
    tellsTypes: way.consistency !== 'eventual',
  }
}

function boundaryStateOf({ boundaryState }: Route, command: AnyCommand): CommandExecution['boundaryState'] {
  return boundaryState && ((events) => boundaryState(command, events))
}

/** What the options come to, with the defaults. */
interface Way {
  readonly route: Route
  readonly aggregates: Aggregates
  readonly givenId: string | undefined
  readonly fingerprint: string | undefined
  readonly timeout: number
  readonly consistency: Consistency
  readonly retries: number
  readonly returning: Answer
}

function metadataOf(context: DispatchContext): EventMetadata {
  const { commandId, correlationId, causationId, causationDepth, actor, tenant, trace, metadata } = context
  const isFirst = causationId === undefined && causationDepth === undefined
  if (isFirst && actor === undefined && tenant === undefined && trace === undefined && metadata === undefined)
    return { correlationId, causationId: commandId }
  return {
    correlationId,
    causationId: commandId,
    ...(causationId !== undefined && { commandCausationId: causationId }),
    ...(causationDepth !== undefined && { causationDepth }),
    ...(actor !== undefined && { actor }),
    ...(tenant !== undefined && { tenant }),
    ...(trace !== undefined && { trace }),
    ...(metadata !== undefined && { user: toPlainJson(metadata, 'metadata') as JsonObject }),
  }
}

function dispatchedOf({ commandId, stream, version, position, result, events, state }: Executed): Dispatched {
  if (events !== undefined) return { commandId, stream, version, position, result, events }
  if (state !== undefined) return { commandId, stream, version, position, result, state }
  return { commandId, stream, version, position, result }
}

function described(value: unknown): string {
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : `A value of type ${typeof value}`
  return `An object of class ${value.constructor?.name ?? 'none'}`
}
