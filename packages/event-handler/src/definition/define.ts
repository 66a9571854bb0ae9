import { type AnyEvent, type Class, nearestName } from '@writ/event-store'
import { DuplicateHandlerError, InvalidSubscriptionError } from '../errors/definition-errors.js'
import { retryThenStop } from './error-policy.js'
import type { OnEvent } from './on.js'
import { onMethodsOf } from './on.js'
import { sequencesBy } from './sequences.js'
import {
  checkOptions,
  type EventHandlerOptions,
  type Handle,
  type ProjectionOptions,
  type SubscriptionDefinition,
} from './subscription-definition.js'

/** A handler whose context has been checked where it was written down. */
export type Handler = OnEvent<never>

/** @throws InvalidSubscriptionError, DuplicateHandlerError */
export function defineEventHandler(
  source: string,
  options: EventHandlerOptions,
  handlers: readonly Handler[],
): SubscriptionDefinition {
  refuseUnknownOptions(source, options, ['name', 'startFrom', 'consistency', 'onError', 'concurrency', 'partitionBy', 'on'])
  checkOptions(source, options)
  const shared = common(source, options, handlers)
  const { concurrency = 1, partitionBy } = options
  return {
    kind: 'event-handler',
    name: options.name,
    startFrom: options.startFrom ?? 'origin',
    ...shared,
    ...(partitionBy !== undefined && { sequencesOf: sequencesBy(source, partitionBy, shared.events) }),
    ...(concurrency > 1 && { concurrency }),
  }
}

/** @throws InvalidSubscriptionError, DuplicateHandlerError */
export function defineProjection(
  source: string,
  options: ProjectionOptions,
  handlers: readonly Handler[],
  setUp: ((transaction: object) => unknown) | undefined,
): SubscriptionDefinition {
  refuseUnknownOptions(source, options, ['name', 'version', 'consistency', 'onError', 'on', 'setUp'])
  checkOptions(source, options)
  return {
    kind: 'projection',
    name: `${options.name}@${options.version ?? 1}`,
    startFrom: 'origin',
    ...common(source, options, handlers),
    ...(setUp && { setUp }),
  }
}

/** The @On methods of a class as handlers; its instance is made when the first event comes. */
export function handlersOfClass(target: Class<object>, instance: () => object): Handler[] {
  return onMethodsOf(target).map(({ event, key }) => ({
    event,
    name: String(key),
    handle: (data, context) =>
      (instance() as Record<string | symbol, (event: AnyEvent, context: never) => unknown>)[key]!(data, context),
  }))
}

function common(source: string, options: EventHandlerOptions | ProjectionOptions, given: readonly Handler[]) {
  if (given.length === 0) throw new InvalidSubscriptionError(source, 'it handles no event; mark its methods with @On(EventClass)')
  const handlers = new Map<string, Handle>()
  for (const [index, { event, name, handle }] of given.entries()) {
    const other = given.findIndex((earlier) => earlier.event.type === event.type)
    if (other !== index) throw new DuplicateHandlerError(source, event.type, [given[other]!.name, name])
    handlers.set(event.type, handle as Handle)
  }
  const { consistency = 'eventual', onError = retryThenStop() } = options
  return { source, consistency, onError, events: given.map(({ event }) => event), handlers }
}

function refuseUnknownOptions(source: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((key) => !known.includes(key))
  if (unknown === undefined) return
  const nearest = nearestName(unknown, known)
  throw new InvalidSubscriptionError(source, `it has no option '${unknown}'${nearest ? `; '${nearest}' may be meant` : ''}`)
}
