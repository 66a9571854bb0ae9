import type { TransactionScope } from '@writ/aggregate'
import {
  type Consistency,
  checkDispatchOptions,
  type DispatchDefaults,
  type Dispatched,
  type DispatchOptions,
  type Provisional,
  type ReturningState,
  type WithinOptions,
} from '@writ/command-router'
import {
  type AnyCommand,
  type AnyEvent,
  type Append,
  type AppendsTogether,
  type Committed,
  categoryOf,
  checkStreamName,
  type EventMetadata,
  type EventTypes,
  InvalidAppendError,
  isReservedStream,
  type JsonObject,
  newEvents,
  type Runtime,
  refuseUnknownOptions,
  toPlainJson,
} from '@writ/event-store'
import { UnlistedEventError } from './errors.js'

/** Who does it and what it follows from, stored with every event, as `dispatch` has it; `causedBy(event)` gives all of it. */
export type WorkOptions = Pick<
  DispatchOptions,
  'actor' | 'tenant' | 'correlationId' | 'causationId' | 'causationDepth' | 'trace' | 'metadata'
>

export interface TransactionOptions extends WorkOptions {
  /**
   * How often the work is repeated when another writer was first, or nobody knows whether it was committed: never by default. The work
   * is then carried out anew, as if it had not been: what it does outside of the transaction it does again.
   */
  readonly retries?: number
  /** Which handlers must have seen the transaction's events before it is answered; 'eventual', none, by default. */
  readonly consistency?: Consistency
  /** Milliseconds to wait for them: 30,000 by default. */
  readonly timeout?: number
}

const workOptions: Record<keyof WorkOptions, true> = {
  actor: true,
  tenant: true,
  correlationId: true,
  causationId: true,
  causationDepth: true,
  trace: true,
  metadata: true,
}

const transactionOptions: Record<keyof TransactionOptions, true> = {
  ...workOptions,
  retries: true,
  consistency: true,
  timeout: true,
}

/** What an append may insist on: `'any'` version and no condition by default. */
export type EventAppendOptions = Pick<Append, 'expectedVersion' | 'condition'>

/** What work in a transaction of an application gets: the store's own handle, `append` for instances of events, and `dispatch`. */
export type ApplicationTransaction<Transaction extends object> = Omit<Transaction, 'append'> & EventsTogether

export interface EventsTogether extends Pick<AppendsTogether, 'rows'> {
  /**
   * Takes events in for a stream; they are written when the work is done. Several to one stream follow one another: a later one expects
   * 'any', or what those before it leave.
   *
   * @throws UnlistedEventError for what is no event, or one of a class that no module of the application lists
   * @throws InvalidOptionError, InvalidStreamNameError
   * @throws InvalidAppendError for the streams of Writ itself, what does not go with what is there before it, and for the stream of an aggregate whose state is in a row
   * @throws what `append` of the store's transaction throws
   */
  append(stream: string, events: AnyEvent | readonly AnyEvent[], options?: EventAppendOptions): void
  /**
   * Lets a command be decided within the transaction: on what is stored, and on what the transaction has decided before it. Its events
   * are written with everything else, when the work is done.
   *
   * @returns what it comes to if the transaction is committed: tell nobody outside of it
   * @throws DomainError when the handler refuses it. The work may catch that and go on: nothing of the command is written
   * @throws what `dispatch` of the application throws
   */
  dispatch<C extends AnyCommand, R extends ReturningState = never>(
    command: C,
    options?: WithinOptions<R>,
  ): Promise<Provisional<C, R>>
}

/** What a transaction of an application came to. */
export interface Transacted<T> extends Committed<T> {
  /** What each command came to, in the order in which they were decided; refused ones are left out. */
  readonly dispatched: readonly Dispatched[]
  /** Whoever has seen the log up to here has seen all of it; 0 where nothing was appended. */
  readonly position: number
}

/** @throws InvalidOptionError */
export function checkTransactionOptions(options: TransactionOptions): void {
  refuseUnknownOptions('transaction', options, Object.keys(transactionOptions))
  checkDispatchOptions(options, 'transaction')
}

/** @throws InvalidOptionError */
export function checkWorkOptions(options: WorkOptions): void {
  refuseUnknownOptions('within', options, Object.keys(workOptions))
  checkDispatchOptions(options, 'within')
}

/** That of every event of one transaction. */
export function transactionMetadata(options: WorkOptions, defaults: DispatchDefaults, runtime: Runtime): EventMetadata {
  const { correlationId = runtime.uuid(), causationId, causationDepth, trace } = options
  const { actor = defaults.actor, tenant = defaults.tenant } = options
  const user = defaults.metadata || options.metadata ? { ...defaults.metadata, ...options.metadata } : undefined
  return {
    correlationId,
    ...(causationId !== undefined && { causationId }),
    ...(causationDepth !== undefined && { causationDepth }),
    ...(actor !== undefined && { actor }),
    ...(tenant !== undefined && { tenant }),
    ...(trace !== undefined && { trace }),
    ...(user !== undefined && { user: toPlainJson(user, 'metadata') as JsonObject }),
  }
}

/** What the work of a transaction is given, besides the store's own handle. */
export interface GivenToWork {
  readonly events: EventTypes
  readonly metadata: EventMetadata
  readonly runtime: Runtime
  /** Categories whose aggregates have their states in rows. */
  readonly inRows: ReadonlySet<string>
  /** Notes an append; answers to it are asked for by the order in which they were noted. */
  append(scope: TransactionScope, append: Append, instances: readonly AnyEvent[]): void
  dispatch<C extends AnyCommand, R extends ReturningState>(
    scope: TransactionScope,
    command: C,
    options: WithinOptions<R> | undefined,
  ): Promise<Provisional<C, R>>
}

/** The store's transaction, which takes instances of events, and commands. */
export function withEvents<Transaction extends object>(
  transaction: Transaction & AppendsTogether,
  scope: TransactionScope,
  { events, metadata, runtime, inRows, ...given }: GivenToWork,
): ApplicationTransaction<Transaction> {
  const append: EventsTogether['append'] = (stream, appended, options = {}) => {
    refuseUnknownOptions('append within a transaction', options, ['expectedVersion', 'condition'])
    checkStreamName(stream)
    if (isReservedStream(stream)) throw new InvalidAppendError(stream, "its name begins with '$', and such names are Writ's own")
    const list = Array.isArray(appended) ? (appended as readonly AnyEvent[]) : [appended as AnyEvent]
    for (const event of list) if (!events.knows(event)) throw new UnlistedEventError(event)
    if (inRows.has(categoryOf(stream)))
      throw new InvalidAppendError(
        stream,
        'its aggregate has its state in a row, which the events would leave behind; dispatch commands to it',
      )
    const { expectedVersion, condition } = options
    const expectations = { ...(expectedVersion !== undefined && { expectedVersion }), ...(condition && { condition }) }
    given.append(scope, { stream, events: newEvents(list, metadata, runtime), ...expectations }, list)
  }
  const dispatch: EventsTogether['dispatch'] = (command, options) => given.dispatch(scope, command, options)
  // Whatever else the adapter gives shows through, and only where it is asked for: memory refuses to give `sql`.
  return Object.create(transaction, { append: { value: append }, dispatch: { value: dispatch } })
}
