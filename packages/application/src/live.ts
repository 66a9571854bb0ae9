import { foldLive, type LiveProjectionDefinition, type LiveState, liveProjectionOf, projectionNameOf } from '@writ/event-handler'
import { type Class, type EventStore, type EventTypes, InvalidOptionError, refuseUnknownOptions } from '@writ/event-store'
import { type BranchOptions, checkAt, positionAt } from './branch.js'

export interface LiveOptions {
  /** As of when: now by default. What happened at that moment is in it. */
  readonly at?: BranchOptions['at']
  /** Only events that have these tags, beside those that the projection asks for. */
  readonly tags?: readonly string[]
}

const known: Record<keyof LiveOptions, true> = { at: true, tags: true }

/** @throws InvalidOptionError, and what `foldLive` throws */
export async function readLive<State>(
  store: EventStore,
  types: EventTypes,
  projection: Class<State & object> | LiveProjectionDefinition<State>,
  options: LiveOptions,
): Promise<LiveState<State>> {
  refuseUnknownOptions('live', options, Object.keys(known))
  const { at, tags } = options
  if (at !== undefined) checkAt(at, 'live')
  if (tags !== undefined && !Array.isArray(tags)) throw new InvalidOptionError('live', 'tags', 'must be a list of tags')
  const isValue = (projection as Partial<LiveProjectionDefinition> | null)?.kind === 'live-projection'
  if (typeof projection !== 'function' && !isValue)
    throw new InvalidOptionError(
      'live',
      'projection',
      'must be a class with @LiveProjection, or a value of liveProjection({ … })',
    )
  const definition = typeof projection === 'function' ? liveProjectionOf(projection, inMemoryOptions) : projection
  const upTo = at && (await positionAt(store, at, 'live'))
  return foldLive(definition, { store, types, ...(upTo !== undefined && { upTo }), ...(tags && { tags }) })
}

/** A class that is a projection in memory can be seen as of a position as well. */
function inMemoryOptions(projectionClass: Class<object>): { readonly name: string } | undefined {
  const name = projectionNameOf(projectionClass)
  return name === undefined ? undefined : { name }
}
