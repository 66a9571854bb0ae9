import { refuseUnknownOptions } from '@writ/event-store'
import { checkDefinition } from './check-definition.js'
import type { AggregateDefinition } from './decider.js'
import type { Lifespan, Lifespans } from './lifespan.js'

/** What an application may say of an aggregate otherwise than the aggregate itself does. */
export interface AggregateSettings {
  /** A snapshot after so many events; `'never'` where the aggregate's own snapshots are not wanted. */
  readonly snapshotEvery?: number | 'never'
  /** The version of the state's shape. */
  readonly snapshotVersion?: number
  /** How long it stays in memory with nothing to do. */
  readonly lifespan?: Lifespan | Lifespans
}

const known: Record<keyof AggregateSettings, true> = { snapshotEvery: true, snapshotVersion: true, lifespan: true }

/**
 * The same aggregate with other settings: an aggregate of its own to the runtime, so give commands and queries one of the two.
 *
 * @throws InvalidOptionError for an unknown setting, InvalidAggregateError for one that makes no sense
 */
export function withSettings<State>(
  definition: AggregateDefinition<State>,
  settings: AggregateSettings,
): AggregateDefinition<State> {
  refuseUnknownOptions(`the settings of '${definition.category}'`, settings, Object.keys(known))
  const { snapshots, stateAsJson } = definition
  const { snapshotEvery = snapshots?.every ?? 'never', snapshotVersion = snapshots?.version ?? 1 } = settings
  const changed: AggregateDefinition<State> = {
    ...definition,
    snapshots: snapshotEvery === 'never' ? undefined : { every: snapshotEvery, version: snapshotVersion, ...stateAsJson },
    lifespan: settings.lifespan ?? definition.lifespan,
  }
  checkDefinition(changed)
  return changed
}
