import type { EventStore, EventTypes, Logger, Snapshots, StoredEvent, Streams } from '@writ/event-store'
import type { AggregateDefinition, SnapshotPolicy } from '../definition/decider.js'
import { applyEvent } from './apply-event.js'
import { checkAbsence, checkBeginning, firstVersionOf } from './closed-books.js'
import { ConfirmedState } from './confirmed-state.js'

/** Where states come from: a store, or what a transaction of it reads. */
export interface StateSource {
  readonly store: Pick<EventStore, 'readStream'> & {
    readonly snapshots: Pick<Snapshots, 'load' | 'delete'>
    readonly streams: Pick<Streams, 'info'>
  }
  readonly events: EventTypes
  readonly logger: Logger
}

export interface LoadOptions<State> {
  /** Goes on from here instead of from a snapshot. */
  readonly from?: ConfirmedState<State> | undefined
  /** No further than this version. */
  readonly toVersion?: number
}

export interface Loaded<State> {
  readonly confirmed: ConfirmedState<State>
  /** The version of the snapshot that it began with; 0 without one. */
  readonly snapshotVersion: number
}

/**
 * A stream → its state: a snapshot, where there is one, and the events after it, in pages.
 *
 * @throws ApplyFailedError, UndeclaredEventError, UnknownEventTypeError, UndecodableEventError, StoreUnavailableError
 * @throws StreamDeletedError, BooksClosedError
 */
export async function loadState<State>(
  source: StateSource,
  definition: AggregateDefinition<State>,
  stream: string,
  { from, toVersion }: LoadOptions<State> = {},
): Promise<Loaded<State>> {
  const start = from ?? (await snapshotOf(source, definition, stream, toVersion))
  // The event that the start stands at is read as well: it shows that both are of one log.
  const isKnown = start !== undefined && start.version > 0
  const options = { fromVersion: isKnown ? start.version : 1, ...(toVersion !== undefined && { toVersion }) }
  let state = start ? definition.copy(start.state) : definition.initialState()
  let version = start?.version ?? 0
  let position = start?.position ?? 0
  let isVerified = !isKnown
  for await (const page of fetchedAhead(source.store.readStream(stream, options))) {
    for (const event of page) {
      if (!isVerified) {
        const isTheSame = event.version === version && event.position === position
        // The books were closed right behind the start.
        const isNext = event.version === version + 1 && event.position > position
        if (!isTheSame && !isNext) break
        isVerified = true
        if (isTheSame) continue
      }
      if (version === 0 && event.version > 1) await checkBeginning(source, event, toVersion)
      state = applyStored(source, definition, state, event)
      version = event.version
      position = event.position
    }
    if (!isVerified) break
  }
  if (!isVerified && toVersion === version && (await firstVersionOf(source.store, stream)) === version + 1) isVerified = true
  if (!isVerified) {
    if (from === undefined) await discard(source, stream, 'it stands for events that the log does not have')
    return loadFromTheBeginning(source, definition, stream, toVersion)
  }
  if (version === 0 && toVersion !== undefined) await checkAbsence(source.store, stream, toVersion)
  return {
    confirmed: new ConfirmedState(definition, stream, state, version, position),
    snapshotVersion: from ? 0 : (start?.version ?? 0),
  }
}

/** The same pages; while one is worked on, the next is on its way. */
async function* fetchedAhead<Page>(pages: AsyncIterable<Page>): AsyncGenerator<Page, void, undefined> {
  const iterator = pages[Symbol.asyncIterator]()
  let next = iterator.next()
  try {
    for (;;) {
      const { done, value } = await next
      if (done) return
      next = iterator.next()
      // It is awaited in the next round; until then its failure has no one who hears of it.
      next.catch(() => {})
      yield value
    }
  } finally {
    await iterator.return?.()
  }
}

/** Nothing to start from: as a state at version 0. */
function loadFromTheBeginning<State>(
  source: StateSource,
  definition: AggregateDefinition<State>,
  stream: string,
  toVersion: number | undefined,
): Promise<Loaded<State>> {
  const from = new ConfirmedState(definition, stream, definition.initialState(), 0, 0)
  return loadState(source, definition, stream, { from, ...(toVersion !== undefined && { toVersion }) })
}

/**
 * A confirmed state and the events that it missed → the state after them.
 *
 * @param version the stream's; its last record need not be an event: a link may lead nowhere any more
 */
export function takeOver<State>(
  source: StateSource,
  definition: AggregateDefinition<State>,
  stream: string,
  confirmed: ConfirmedState<State>,
  missed: readonly StoredEvent[],
  version: number,
): ConfirmedState<State> {
  let state = definition.copy(confirmed.state)
  let { position } = confirmed
  for (const event of missed) {
    state = applyStored(source, definition, state, event)
    position = event.position
  }
  return new ConfirmedState(definition, stream, state, version, position)
}

/** Applies what a stored event is today: as a rule one event, but an older one may have become several or none. */
function applyStored<State>(
  { events }: StateSource,
  definition: AggregateDefinition<State>,
  state: State,
  stored: StoredEvent,
): State {
  const { stream, version, position } = stored
  let next = state
  for (const event of events.decodeData(stored)) next = applyEvent(definition, next, event, stream, version, position)
  return next
}

async function snapshotOf<State>(
  source: StateSource,
  definition: AggregateDefinition<State>,
  stream: string,
  toVersion = Number.POSITIVE_INFINITY,
): Promise<ConfirmedState<State> | undefined> {
  const { snapshots } = definition
  if (snapshots === undefined) return undefined
  const snapshot = await source.store.snapshots.load(stream, snapshots.version)
  if (snapshot === undefined || snapshot.version > toVersion) return undefined
  const state = restored(snapshots, snapshot.state)
  if (state === undefined) {
    await discard(source, stream, 'it can not be read as a state of this aggregate')
    return undefined
  }
  return new ConfirmedState(definition, stream, state, snapshot.version, snapshot.position)
}

function restored<State>(snapshots: SnapshotPolicy<State>, text: string): State | undefined {
  try {
    return snapshots.fromJson(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** A snapshot that is of no use would keep better ones from being saved. */
async function discard({ store, logger }: StateSource, stream: string, why: string): Promise<void> {
  logger.warn({ stream }, `A snapshot is discarded, and the stream replayed: ${why}`)
  try {
    await store.snapshots.delete(stream)
  } catch (error) {
    logger.warn({ stream, error }, 'A useless snapshot could not be deleted')
  }
}
