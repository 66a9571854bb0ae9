// What follows from an update runs behind the projection, as a subscription of its own: so it is not lost in a crash, and never holds
// the projection up. There is one for all versions of a name, and the live one's code runs it: while a version is built, nothing of it does.

import { type EventStore, type EventTypes, hasCode, type Logger, type Runtime } from '@writ/event-store'
import type { CheckpointOptions } from '../definition/checkpointing.js'
import { defineEventHandler } from '../definition/define.js'
import type { ErrorPolicy } from '../definition/error-policy.js'
import type { BatchContext } from '../definition/handler-context.js'
import type { SubscriptionDefinition } from '../definition/subscription-definition.js'
import type { SubscriptionStatus } from '../subscription-status.js'
import { Subscriptions } from '../subscriptions.js'
import type { VersionHere } from './versions-here.js'

export interface AfterUpdatesOptions {
  readonly store: EventStore
  readonly events: EventTypes
  /** Of which the versions are. */
  readonly subscriptions: Subscriptions
  readonly owner: string
  readonly leaseMilliseconds: number
  /** What follows when one fails whose projection does not say so itself. */
  readonly onError?: ErrorPolicy
  readonly checkpoint?: CheckpointOptions
  readonly runtime: Runtime
  readonly logger: Logger
}

/** Milliseconds of one wait for the projection; when they are up, it waits again. */
const PATIENCE = 5_000

interface Running {
  readonly version: number
  readonly subscriptions: Subscriptions
}

export class AfterUpdates {
  private readonly running = new Map<string, Running>()

  constructor(private readonly options: AfterUpdatesOptions) {}

  /** Makes sure that from a position on nothing is missed; what the store knows already stays where it is. */
  async register({ name, afterUpdate }: VersionHere, startAfter: number): Promise<void> {
    if (afterUpdate) await this.options.store.checkpoints.register({ name: nameOf(name), startAfter })
  }

  /** Lets this version's code run what follows, or, where it is undefined, none of this process. */
  async runFor(name: string, version: VersionHere | undefined): Promise<void> {
    const running = this.running.get(name)
    if (running?.version === version?.version) return
    this.running.delete(name)
    await running?.subscriptions.stop()
    if (!version?.afterUpdate) return
    const { store, events, leaseMilliseconds, onError, checkpoint, runtime, logger } = this.options
    const owner = `${this.options.owner}/${nameOf(name)}`
    const subscriptions = new Subscriptions({
      store,
      events,
      owner,
      leaseMilliseconds,
      runtime,
      logger,
      ...(onError && { onError }),
      ...(checkpoint && { checkpoint }),
    })
    subscriptions.add(this.definitionOf(version))
    this.running.set(name, { version: version.version, subscriptions })
    await subscriptions.start()
  }

  status(): readonly SubscriptionStatus[] {
    return [...this.running.values()].flatMap(({ subscriptions }) => subscriptions.status())
  }

  async stop(): Promise<void> {
    await Promise.all([...this.running.values()].map(({ subscriptions }) => subscriptions.stop()))
    this.running.clear()
  }

  private definitionOf({ name, definition, afterUpdate }: VersionHere): SubscriptionDefinition {
    const handle = async (events: never, context: BatchContext) => {
      await this.untilUpdated(definition.name, context)
      await afterUpdate!(events, context)
    }
    const onBatch = { name: 'afterUpdate', events: definition.events, handle: handle as never }
    const { onError, filter } = definition
    const companion = defineEventHandler(
      definition.source,
      { ...filter, name, ...(onError && { onError }) },
      { on: [], onBatch },
      {},
    )
    return { ...companion, name: nameOf(name) }
  }

  private async untilUpdated(projection: string, { events, signal }: BatchContext): Promise<void> {
    const { position } = events.at(-1)!
    for (;;) {
      try {
        return await this.options.subscriptions.waitFor(position, [projection], { timeout: PATIENCE })
      } catch (error) {
        // Asked to hurry, it is not held against the event.
        if (signal.aborted || !hasCode(error, 'committed-not-yet-visible')) throw error
        // One that has stopped says so at once; there is time.
        await this.options.runtime.sleep(PATIENCE / 10, signal)
      }
    }
  }
}

const nameOf = (projection: string): string => `${projection}/after-update`
