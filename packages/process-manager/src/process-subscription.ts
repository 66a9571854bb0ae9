import { type HandlerContext, partitionOf, type SubscriptionDefinition } from '@writ/event-handler'
import {
  type AnyCommandClass,
  type EventStore,
  type Logger,
  type RecordedEvent,
  type Runtime,
  silentLogger,
  systemRuntime,
} from '@writ/event-store'
import type { ProcessManagerDefinition } from './definition/process-manager-definition.js'
import type { Dispatch } from './dispatch.js'
import { UnhandledCommandError } from './errors/process-errors.js'
import { EventAtInstance } from './handle-event.js'
import { Instances } from './journal/instances.js'
import { Journals } from './journal/journal.js'

export interface ProcessSurroundings {
  /** Where the journals are kept. */
  readonly store: EventStore
  /** The classes of all commands that can be dispatched: what a journal holds is restored with them. */
  readonly commands: Iterable<AnyCommandClass>
  readonly dispatch: Dispatch
  readonly runtime?: Runtime
  readonly logger?: Logger
  /** How many instances stay in memory, those used last: 10,000 by default. */
  readonly cacheSize?: number
}

/** What the handlers of one partition share while it runs here. */
interface Run {
  readonly instances: Instances
  /** An event may belong to instances of several partitions: it is handled in each of them, for those that are there. */
  readonly isOwn: (instance: string) => boolean
}

/**
 * A process manager → the subscription that runs it.
 *
 * @throws UnhandledCommandError when it reacts to the refusal of a command that nothing handles
 */
export function processSubscription(
  definition: ProcessManagerDefinition,
  { store, dispatch, runtime = systemRuntime, logger = silentLogger, cacheSize = 10_000, ...given }: ProcessSurroundings,
): SubscriptionDefinition {
  const commands = new Map([...given.commands].map((commandClass) => [commandClass.type, commandClass]))
  for (const type of definition.rejections.keys()) {
    if (!commands.has(type)) throw new UnhandledCommandError(definition.name, type, commands.keys())
  }
  const surroundings = { definition, journals: new Journals(store, runtime), commands, dispatch, runtime, logger }
  // Each run begins without memory: what another owner has done meanwhile is in the journals.
  const state = ({ partition, partitions }: { readonly partition: number; readonly partitions: number }): Run => ({
    instances: new Instances(cacheSize),
    isOwn: (instance) => partitions === 1 || partitionOf(instance, partitions) === partition,
  })
  const handle = (_event: unknown, { state, ...context }: HandlerContext) => {
    const { instances, isOwn } = state as Run
    const ids = definition.instancesOf(context.event).filter(isOwn)
    return ids.length === 0 ? undefined : handleAt(ids, instances, context)
  }
  const handleAt = async (ids: readonly string[], instances: Instances, context: Omit<HandlerContext, 'state'>) => {
    for (const instance of ids) await new EventAtInstance(surroundings, instances, { ...context, instance }).handle()
  }
  // What has no order, for its instance can't be told, is handled to fail: then its error policy is asked.
  const sequencesOf = (event: RecordedEvent) => {
    try {
      return definition.instancesOf(event)
    } catch {
      return []
    }
  }
  const { name, source, startFrom, consistency, onError, partitions, concurrency, events } = definition
  return {
    kind: 'event-handler',
    name,
    source,
    startFrom,
    consistency,
    ...(onError && { onError }),
    events,
    partitions,
    sequencesOf,
    state,
    ...(concurrency > 1 && { concurrency }),
    handlers: new Map(events.map(({ type }) => [type, handle])),
  }
}
