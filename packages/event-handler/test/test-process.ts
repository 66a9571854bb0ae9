import { RecordingLogger } from '@writ/build-tools'
import type { EventTypes, Logger, Runtime } from '@writ/event-store'
import { type InMemoryLog, inMemoryEventStore } from '@writ/event-store-memory'
import { type CheckpointOptions, type SubscriptionDefinition, Subscriptions } from '../src/index.js'
import { bankEvents } from './bank-events.js'
import { type Troubled, troubled } from './troubled-store.js'

export interface TestProcess extends Troubled {
  readonly subscriptions: Subscriptions
  readonly logger: RecordingLogger
  stop(): Promise<void>
}

export interface ProcessOptions {
  readonly runtime?: Runtime
  readonly owner?: string
  readonly leaseMilliseconds?: number
  readonly logger?: Logger
  readonly checkpoint?: CheckpointOptions
  /** The bank's by default. */
  readonly events?: EventTypes
}

/** What one process would have: a store of its own over a log that others share, and its subscriptions. They are not started yet. */
export async function testProcess(
  log: InMemoryLog,
  definitions: readonly SubscriptionDefinition[],
  options: ProcessOptions = {},
): Promise<TestProcess> {
  const logger = new RecordingLogger()
  const trouble = troubled(inMemoryEventStore({ log }))
  await trouble.store.start()
  const subscriptions = new Subscriptions({ store: trouble.store, events: bankEvents, logger, ...options })
  for (const definition of definitions) subscriptions.add(definition)
  return Object.assign(trouble, {
    subscriptions,
    logger,
    stop: async () => {
      trouble.heal()
      await subscriptions.stop()
      await trouble.store.stop()
    },
  })
}
