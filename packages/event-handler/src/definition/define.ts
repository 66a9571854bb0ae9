import { type AnyEvent, type AnyEventClass, type Class, nearestName } from '@writ/event-store'
import { DuplicateHandlerError, InvalidSubscriptionError } from '../errors/definition-errors.js'
import type { ReadModelHooks } from '../projections/read-model.js'
import { filterOf } from './event-filter.js'
import type { GivenHooks } from './hooks.js'
import type { OnEvent } from './on.js'
import { onMethodsOf } from './on.js'
import { batchMethodOf, batchOfOne, type OnBatchOfEvents } from './on-batch.js'
import { sequencesBy } from './sequences.js'
import {
  checkOptions,
  type EventHandlerOptions,
  type Handle,
  type HandleBatch,
  type ProjectionOptions,
  type SubscriptionDefinition,
} from './subscription-definition.js'

/** A handler whose context has been checked where it was written down. */
export type Handler = OnEvent<never>

/** What handles the events: each by itself, or all together. */
export interface Handlers {
  readonly on: readonly Handler[]
  readonly onBatch?: OnBatchOfEvents<never> | undefined
}

/** @throws InvalidSubscriptionError, DuplicateHandlerError */
export function defineEventHandler(
  source: string,
  options: EventHandlerOptions,
  handlers: Handlers,
  hooks: GivenHooks,
): SubscriptionDefinition {
  refuseUnknownOptions(source, options, eventHandlerOptions)
  checkOptions(source, options)
  const shared = common(source, options, handlers)
  const { concurrency = 1, checkpoint } = options
  if (shared.batch && concurrency > 1) {
    throw new InvalidSubscriptionError(source, "it handles batches one after the other; leave out its 'concurrency', or use @On")
  }
  return {
    kind: 'event-handler',
    name: options.name,
    startFrom: options.startFrom ?? 'origin',
    ...shared,
    ...hooks,
    ...(concurrency > 1 && { concurrency }),
    ...(checkpoint && { checkpoint }),
  }
}

/** @throws InvalidSubscriptionError, DuplicateHandlerError */
export function defineProjection(
  source: string,
  options: ProjectionOptions,
  handlers: Handlers,
  hooks: GivenHooks,
  readModelHooks: ReadModelHooks,
): SubscriptionDefinition {
  refuseUnknownOptions(source, options, projectionOptions)
  checkOptions(source, options)
  const { name, version = 1, schema, swap = 'when-caught-up', comparable: isComparable = false } = options
  if (isComparable && !readModelHooks.checksum) {
    throw new InvalidSubscriptionError(source, "it is 'comparable' and has no 'checksum' to compare it by")
  }
  return {
    kind: 'projection',
    name: `${name}@${version}`,
    startFrom: 'origin',
    ...common(source, options, handlers),
    ...hooks,
    readModel: { name, version, ...(schema !== undefined && { schema }), swap, isComparable, ...readModelHooks },
  }
}

/** The @On methods of a class, or its @OnBatch method, as handlers; its instance is made when the first event comes. */
export function handlersOfClass(target: Class<object>, instance: () => object): Handlers {
  const on = onMethodsOf(target).map(
    ({ event, key }): Handler => ({
      event,
      name: String(key),
      handle: (data, context) =>
        (instance() as Record<string | symbol, (event: AnyEvent, context: never) => unknown>)[key]!(data, context),
    }),
  )
  return { on, onBatch: batchMethodOf(target, instance) }
}

type Shared = Pick<
  SubscriptionDefinition,
  'source' | 'consistency' | 'onError' | 'mostParked' | 'partitions' | 'sequencesOf' | 'events' | 'handlers' | 'filter' | 'batch'
>

function common(source: string, options: EventHandlerOptions | ProjectionOptions, { on, onBatch }: Handlers): Shared {
  if (onBatch && on.length > 0) {
    throw new InvalidSubscriptionError(
      source,
      'it handles events by themselves and in batches, which would lose their order; keep @On or @OnBatch',
    )
  }
  if (!onBatch && options.batch) throw new InvalidSubscriptionError(source, "its 'batch' says nothing without @OnBatch")
  const { consistency = 'eventual', onError, mostParked, partitions = 1 } = options
  const filter = filterOf(source, options)
  const shared = {
    source,
    consistency,
    partitions,
    ...(onError && { onError }),
    ...(mostParked !== undefined && { mostParked }),
    ...(filter && { filter }),
  }
  if (!onBatch) return { ...shared, ...inSequences(source, options, handlersByType<Handle>(source, on)) }
  const handle = onBatch.handle as HandleBatch
  const alone: Handle = (event, context) => handle([event], batchOfOne(context))
  const each = onBatch.events.map((event): Handler => ({ event, name: onBatch.name, handle: alone as Handler['handle'] }))
  const batch = { ...options.batch, handle }
  return { ...shared, ...inSequences(source, options, handlersByType<Handle>(source, each)), batch }
}

function inSequences<Given extends { readonly events: readonly AnyEventClass[] }>(
  source: string,
  { partitionBy }: EventHandlerOptions | ProjectionOptions,
  given: Given,
): Given & Pick<SubscriptionDefinition, 'sequencesOf'> {
  return { ...given, ...(partitionBy !== undefined && { sequencesOf: sequencesBy(source, partitionBy, given.events) }) }
}

/** @throws InvalidSubscriptionError for none, DuplicateHandlerError for two of one event */
export function handlersByType<Handle>(
  source: string,
  given: readonly Handler[],
): { events: readonly AnyEventClass[]; handlers: ReadonlyMap<string, Handle> } {
  if (given.length === 0) throw new InvalidSubscriptionError(source, 'it handles no event; mark its methods with @On(EventClass)')
  const handlers = new Map<string, Handle>()
  for (const [index, { event, name, handle }] of given.entries()) {
    const other = given.findIndex((earlier) => earlier.event.type === event.type)
    if (other !== index) throw new DuplicateHandlerError(source, event.type, [given[other]!.name, name])
    handlers.set(event.type, handle as Handle)
  }
  return { events: given.map(({ event }) => event), handlers }
}

const hooks = ['afterStart', 'beforeReset', 'state']
const partitioning = ['partitions', 'partitionBy']
const sharedOptions = [
  'name',
  'consistency',
  'onError',
  'mostParked',
  'batch',
  'on',
  'onBatch',
  ...partitioning,
  ...hooks,
  'category',
  'stream',
  'tags',
]
const eventHandlerOptions = [...sharedOptions, 'startFrom', 'concurrency', 'checkpoint']
const readModel = ['version', 'schema', 'swap', 'comparable', 'setUp', 'tearDown', 'forget', 'checksum', 'count', 'afterUpdate']
const projectionOptions = [...sharedOptions, ...readModel]

/** @throws InvalidSubscriptionError */
export function refuseUnknownOptions(source: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((key) => !known.includes(key))
  if (unknown === undefined) return
  const nearest = nearestName(unknown, known)
  throw new InvalidSubscriptionError(source, `it has no option '${unknown}'${nearest ? `; '${nearest}' may be meant` : ''}`)
}
