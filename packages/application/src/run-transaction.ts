import { type Aggregates, type DecidedWithin, isConflict, type TransactionScope } from '@writ/aggregate'
import type { CommandRouter, Dispatched, ReturningState, WithinOptions } from '@writ/command-router'
import {
  type AnyCommand,
  type Append,
  type Appended,
  type AppendsTogether,
  DomainError,
  type EventMetadata,
  type EventStore,
  type EventTypes,
  hasCode,
  type Runtime,
  refuseNoOptions,
  type StoreUnavailableError,
} from '@writ/event-store'
import { TransactionConflictError } from './errors.js'
import { type ApplicationTransaction, type Transacted, withEvents } from './transaction.js'

const LONGEST_PAUSE = 500
const FIRST_PAUSE = 5

export interface TransactionDependencies<Transaction extends object> {
  readonly store: EventStore<Transaction>
  readonly aggregates: Aggregates
  readonly router: CommandRouter
  readonly events: EventTypes
  readonly runtime: Runtime
  /** Categories whose aggregates have their states in rows. */
  readonly inRows: ReadonlySet<string>
}

export type ApplicationWork<Transaction extends object, T> = (transaction: ApplicationTransaction<Transaction>) => Promise<T>

/**
 * Carries out work in a transaction of the store, and again when another writer was first.
 *
 * Ids of events are drawn once, in the order in which they are needed: so an attempt that was committed without anyone hearing of it is
 * recognised by the next.
 */
export async function runTransaction<Transaction extends object, T>(
  dependencies: TransactionDependencies<Transaction>,
  work: ApplicationWork<Transaction, T>,
  metadata: EventMetadata,
  retries: number,
): Promise<Transacted<T>> {
  const { store, runtime } = dependencies
  const ids = new DrawnIds(runtime)
  const unknown: Attempt<Transaction, T>[] = []
  for (let conflicts = 0; ; ) {
    const attempt = new Attempt(dependencies, work, metadata, ids.fromTheFirst())
    try {
      const { appended } = await store.transaction((transaction) => attempt.carryOut(transaction))
      return attempt.transacted(appended)
    } catch (error) {
      const isUnknown = hasCode<StoreUnavailableError>(error, 'store-unavailable') && error.mayBeCommitted
      if (isUnknown) unknown.push(attempt)
      // A refusal that rests on what no disk has yet must not be told.
      if (DomainError.is(error)) await store.head().catch(() => {})
      for (const earlier of unknown) {
        const stored = await storedAlready(store, earlier.appends, runtime).catch(() => undefined)
        if (stored) return earlier.transacted(stored)
      }
      const mayBeIds = unknown.length > 0 && hasCode(error, 'event-id-conflict')
      if (!isUnknown && !isConflict(error) && !mayBeIds) throw error
      if (++conflicts > retries || !unknown.every(({ canBeRecognised }) => canBeRecognised)) {
        throw isConflict(error) && attempt.scope?.hasDecided ? new TransactionConflictError(conflicts, error) : error
      }
      await runtime.sleep(runtime.random() * Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** conflicts))
    }
  }
}

/** Carries out work on a transaction that somebody else commits. */
export async function runWithin<Transaction extends object, T>(
  dependencies: TransactionDependencies<Transaction>,
  client: object,
  work: ApplicationWork<Transaction, T>,
  metadata: EventMetadata,
): Promise<T> {
  const attempt = new Attempt(dependencies, work, metadata, new DrawnIds(dependencies.runtime).fromTheFirst())
  await dependencies.store.within!(client, (transaction) => attempt.carryOut(transaction))
  return attempt.result!
}

/** Work that is carried out once. */
class Attempt<Transaction extends object, T> {
  scope: TransactionScope | undefined
  result: T | undefined
  private readonly answers: ((appended: ReadonlyMap<string, Appended>) => Appended)[] = []
  private readonly commands: { readonly commandId: string; readonly decided: DecidedWithin }[] = []

  constructor(
    private readonly dependencies: TransactionDependencies<Transaction>,
    private readonly work: ApplicationWork<Transaction, T>,
    private readonly metadata: EventMetadata,
    private readonly uuid: () => string,
  ) {}

  get appends(): readonly Append[] {
    return this.scope?.appends ?? []
  }

  /** Whether the store can tell that it was stored: by its events. */
  get canBeRecognised(): boolean {
    return this.appends.some(({ events }) => events.length > 0)
  }

  async carryOut(transaction: Transaction & AppendsTogether): Promise<void> {
    const { aggregates, events, inRows } = this.dependencies
    const { metadata, uuid } = this
    const runtime: Runtime = Object.create(this.dependencies.runtime, { uuid: { value: uuid } })
    const scope = aggregates.scopeOf(transaction, uuid)
    this.scope = scope
    const given = withEvents(transaction, scope, {
      events,
      metadata,
      runtime,
      inRows,
      append: (_, append, instances) => void this.answers.push(scope.append(append, instances)),
      dispatch: (_, command, options) => this.dispatch(scope, command, options),
    })
    try {
      this.result = await aggregates.whileInTransaction(() => this.work(given))
    } finally {
      scope.end()
    }
    await scope.handOver()
  }

  /** @param appended an answer for each stream */
  transacted(appended: readonly Appended[]): Transacted<T> {
    const scope = this.scope!
    const byStream = new Map(scope.appends.map(({ stream }, index) => [stream, appended[index]!]))
    const dispatched = this.commands.map(({ commandId, decided }): Dispatched => {
      const { stream, version, position, result } = scope.executed(decided, byStream)
      return { commandId, stream, version, position, result }
    })
    const written = scope.appends.flatMap(({ events }, index) => (events.length > 0 ? [appended[index]!.position] : []))
    return {
      result: this.result as T,
      appended: this.answers.map((answer) => answer(byStream)),
      dispatched,
      position: Math.max(0, ...written),
    }
  }

  private async dispatch<C extends AnyCommand, R extends ReturningState>(
    scope: TransactionScope,
    command: C,
    options: WithinOptions<R> = {},
  ) {
    refuseNoOptions('dispatch within a transaction', options)
    const { user, causationId, commandCausationId: _, ...shared } = this.metadata
    const { reply, decided } = await this.dependencies.router.dispatchWithin(scope, command, {
      ...shared,
      ...(causationId !== undefined && { causationId }),
      ...options,
      ...((user || options.metadata) && { metadata: { ...user, ...options.metadata } }),
    })
    if (decided) this.commands.push({ commandId: reply.commandId, decided })
    return reply
  }
}

/** The same ids in the same order, whoever asks for them anew. */
class DrawnIds {
  private readonly drawn: string[] = []

  constructor(private readonly runtime: Runtime) {}

  fromTheFirst(): () => string {
    let index = 0
    return () => {
      this.drawn[index] ??= this.runtime.uuid()
      return this.drawn[index++]!
    }
  }
}

/**
 * Whether all of it is in the log: asked by an append that can't succeed, but as a repetition.
 *
 * @returns the first answers, or undefined where it is not stored
 * @throws StoreUnavailableError
 */
async function storedAlready(
  store: EventStore,
  appends: readonly Append[],
  runtime: Runtime,
): Promise<readonly Appended[] | undefined> {
  if (!appends.some(({ events }) => events.length > 0)) return undefined
  const nowhere: Append = { stream: `$writ.nowhere-${runtime.uuid()}`, events: [], expectedVersion: 'stream-exists' }
  try {
    return (await store.appendAll([...appends, nowhere])).slice(0, -1)
  } catch (error) {
    if (hasCode(error, 'store-unavailable') || hasCode(error, 'overloaded')) throw error
    return undefined
  }
}
