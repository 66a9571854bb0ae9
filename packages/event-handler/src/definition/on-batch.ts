import type { AnyEvent, AnyEventClass, Class } from '@writ/event-store'
import { InvalidSubscriptionError } from '../errors/definition-errors.js'
import type { BatchContext, HandlerContext } from './handler-context.js'
import { checkedEventClass, refuseStandardMode } from './on.js'

/** Event classes, and what handles events of them together. */
export interface OnBatchOfEvents<Context> {
  readonly events: readonly AnyEventClass[]
  /** How errors call it. */
  readonly name: string
  readonly handle: (events: readonly AnyEvent[], context: Context) => unknown
}

type Classes = readonly [Class<AnyEvent>, ...Class<AnyEvent>[]]
type EventOf<Listed extends Classes> = InstanceType<Listed[number]>

// Compared by hand: of methods TypeScript would also take one that accepts only some of the events.
type TakesAll<Method, Event> = Method extends (events: infer Taken, context: never) => unknown
  ? [readonly Event[]] extends [Taken]
    ? unknown
    : never
  : never

/**
 * Says which function handles events together: the same as {@link OnBatch}, as a value.
 *
 * @throws InvalidSubscriptionError when it is not given event classes, as in a circular import
 */
export function onBatch<const Listed extends Classes, Context = BatchContext>(
  eventClasses: Listed,
  handle: (events: readonly EventOf<Listed>[], context: Context) => unknown,
): OnBatchOfEvents<Context> {
  const events = eventClasses.map((one) => checkedEventClass(one, `onBatch(…, ${handle.name || 'function'})`))
  return { events, name: 'onBatch', handle: handle as OnBatchOfEvents<Context>['handle'] }
}

interface BatchMethod {
  readonly events: readonly AnyEventClass[]
  readonly key: string | symbol
}

const methods = new WeakMap<object, BatchMethod[]>()

/**
 * Marks the method that handles events together, in the log's order: `(events, context)`, and `context.events` are the recorded ones.
 *
 * A class has one, and no `@On` beside it. Where it fails, its events come again one by one, so that only the culprit is held up.
 *
 * @example
 * @OnBatch(MoneyDeposited, MoneyWithdrawn)
 * async moved(events: readonly (MoneyDeposited | MoneyWithdrawn)[], { sql }: ProjectionBatchContext<SqlTransaction>) { … }
 */
export const OnBatch =
  <Listed extends Classes>(...eventClasses: Listed) =>
  <Method extends (events: readonly EventOf<Listed>[], context: never) => unknown>(
    target: object,
    key: string | symbol,
    _descriptor: TypedPropertyDescriptor<Method> & TakesAll<Method, EventOf<Listed>>,
  ): void => {
    refuseStandardMode('@OnBatch', key)
    const source = `@OnBatch of ${target.constructor.name}.${String(key)}`
    const known = methods.get(target) ?? []
    known.push({ events: eventClasses.map((one) => checkedEventClass(one, source)), key })
    methods.set(target, known)
  }

/**
 * The @OnBatch method of a class, or of the nearest one above it that has one.
 *
 * @throws InvalidSubscriptionError for two
 */
export function batchMethodOf(target: Class<object>, instance: () => object): OnBatchOfEvents<never> | undefined {
  for (let prototype: object | null = target.prototype; prototype !== null; prototype = Object.getPrototypeOf(prototype)) {
    const [found, second] = methods.get(prototype) ?? []
    if (second) {
      throw new InvalidSubscriptionError(
        `class ${target.name}`,
        `it has two @OnBatch methods, ${String(found!.key)} and ${String(second.key)}; keep one`,
      )
    }
    if (!found) continue
    const { events, key } = found
    const handle = (batch: readonly AnyEvent[], context: never) =>
      (instance() as Record<string | symbol, (events: readonly AnyEvent[], context: never) => unknown>)[key]!(batch, context)
    return { events, name: String(key), handle }
  }
  return undefined
}

/** What a handler of batches gets where its events come one by one. */
export function batchOfOne(context: HandlerContext): BatchContext {
  const { event, subscription, attempt, signal, state } = context
  // What a transaction gives stands in the prototype.
  return Object.setPrototypeOf({ events: [event], subscription, attempt, signal, state }, Object.getPrototypeOf(context))
}
