import { checkDispatchOptions, type DispatchDefaults, type DispatchOptions } from '@writ/command-router'
import {
  type AnyEvent,
  type Append,
  type AppendsTogether,
  type EventMetadata,
  type EventTypes,
  type JsonObject,
  newEvents,
  type Runtime,
  refuseUnknownOptions,
  toPlainJson,
} from '@writ/event-store'
import { UnlistedEventError } from './errors.js'

/** Who does it and what it follows from, stored with every event, as `dispatch` has it; `causedBy(event)` gives all of it. */
export type TransactionOptions = Pick<
  DispatchOptions,
  'actor' | 'tenant' | 'correlationId' | 'causationId' | 'causationDepth' | 'trace' | 'metadata'
>

const known: Record<keyof TransactionOptions, true> = {
  actor: true,
  tenant: true,
  correlationId: true,
  causationId: true,
  causationDepth: true,
  trace: true,
  metadata: true,
}

/** What an append may insist on: `'any'` version and no condition by default. */
export type EventAppendOptions = Pick<Append, 'expectedVersion' | 'condition'>

/** What work in a transaction of an application gets: the store's own handle, and `append` for instances of events. */
export type ApplicationTransaction<Transaction extends object> = Omit<Transaction, 'append'> & EventsTogether

export interface EventsTogether {
  /**
   * Takes events in for a stream; they are written when the work is done. Several to one stream follow one another: a later one expects
   * 'any', or what those before it leave.
   *
   * @throws UnlistedEventError for what is no event, or one of a class that no module of the application lists
   * @throws what `append` of the store's transaction throws
   */
  append(stream: string, events: AnyEvent | readonly AnyEvent[], options?: EventAppendOptions): void
}

/** @throws InvalidOptionError */
export function checkTransactionOptions(options: TransactionOptions): void {
  refuseUnknownOptions('transaction', options, Object.keys(known))
  checkDispatchOptions(options, 'transaction')
}

/** That of every event of one transaction. */
export function transactionMetadata(options: TransactionOptions, defaults: DispatchDefaults, runtime: Runtime): EventMetadata {
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

/** The store's transaction, which takes instances of events. */
export function withEvents<Transaction extends object>(
  transaction: Transaction & AppendsTogether,
  { events, metadata, runtime }: { readonly events: EventTypes; readonly metadata: EventMetadata; readonly runtime: Runtime },
): ApplicationTransaction<Transaction> {
  const append: EventsTogether['append'] = (stream, given, { expectedVersion, condition } = {}) => {
    const list = Array.isArray(given) ? (given as readonly AnyEvent[]) : [given as AnyEvent]
    for (const event of list) if (!events.knows(event)) throw new UnlistedEventError(event)
    transaction.append({
      stream,
      events: newEvents(list, metadata, runtime),
      ...(expectedVersion !== undefined && { expectedVersion }),
      ...(condition && { condition }),
    })
  }
  // Whatever else the adapter gives shows through, and only where it is asked for: memory refuses to give `sql`.
  return Object.create(transaction, { append: { value: append } })
}
