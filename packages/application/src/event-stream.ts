import {
  type AnyEvent,
  type AnyEventClass,
  type Class,
  type EventQuery,
  type EventStore,
  type EventTypes,
  InvalidOptionError,
  isEventClass,
  isReservedStream,
  type RecordedEvent,
  type Runtime,
  refuseUnknownOptions,
  type StoredEvent,
} from '@writ/event-store'
import { Observable } from 'rxjs'

/** Which events of the log to follow, from where on. */
export interface LogSelection<E extends AnyEvent = AnyEvent> {
  /** Only events beyond this position: that of the last one seen. 0, the beginning, by default. */
  readonly after?: number
  /** Only events of these classes; every class that the application knows by default. */
  readonly types?: readonly Class<E>[]
  /** Only events with all of these tags. */
  readonly tags?: readonly string[]
  readonly stream?: never
}

/** Which stream to follow, from where on. */
export interface StreamSelection<E extends AnyEvent = AnyEvent> {
  readonly stream: string
  /** Only events beyond this version of the stream: that of the last one seen. 0, the beginning, by default. */
  readonly afterVersion?: number
  /** Only events of these classes; every class that the application knows by default. */
  readonly types?: readonly Class<E>[]
  readonly after?: never
  readonly tags?: never
}

export type EventSelection<E extends AnyEvent = AnyEvent> = LogSelection<E> | StreamSelection<E>

interface Source {
  readonly store: EventStore
  readonly types: EventTypes
  readonly runtime: Runtime
}

const PAGE = 200
/** What a lost hint costs at most, in milliseconds, and what it costs while events flow of which no hint tells. */
const PAUSE = { shortest: 20, longest: 1_000 }

/**
 * Events, those that are there and then those that come, until it is unsubscribed.
 *
 * `each` is awaited before the next event is handed out, and a page is read only when the one before is used up: a slow consumer reads
 * at its own speed and is never flooded. An error of the store or of `each` ends it; subscribe again after the last position seen.
 */
export function eventStream<E extends AnyEvent, T>(
  source: Source,
  selection: EventSelection<E>,
  each: (event: RecordedEvent<E>) => T | Promise<T>,
): Observable<T> {
  const isStream = selection?.stream !== undefined
  refuseUnknownOptions('events', selection, isStream ? ['stream', 'afterVersion', 'types'] : ['after', 'types', 'tags'])
  if (selection.types !== undefined) checkTypes(selection.types, source.types)
  return new Observable<T>((subscriber) => {
    const ending = new AbortController()
    let wake = () => {}
    const forget = source.store.onAppended(() => wake())
    const follow = async () => {
      const { store, types } = source
      const wanted = selection.types && new Set(typeNames(selection.types))
      const pages = selection.stream === undefined ? logPages(store, selection, types) : streamPages(store, selection, types)
      let isHinted = true
      for (let pause = PAUSE.longest; !ending.signal.aborted; ) {
        // Armed before the log is read, so that what is appended meanwhile is not slept through.
        const nap = new AbortController()
        wake = () => nap.abort()
        let hasFound = false
        for await (const stored of pages()) {
          hasFound = true
          if (ending.signal.aborted) return
          if (isReservedStream(stored.stream) && stored.stream !== selection.stream) continue
          for (const event of source.types.decode(stored)) {
            if (ending.signal.aborted) return
            if (wanted === undefined || wanted.has(event.type)) subscriber.next(await each(event as RecordedEvent<E>))
          }
        }
        pause = hasFound && !isHinted ? PAUSE.shortest : Math.min(pause * 2, PAUSE.longest)
        if (!ending.signal.aborted) await source.runtime.sleep(pause, nap.signal)
        isHinted = nap.signal.aborted
      }
    }
    follow().catch((error: unknown) => subscriber.error(error))
    return () => {
      ending.abort()
      wake()
      forget()
    }
  })
}

/** Each call reads on from where the one before has come to. */
function logPages<E extends AnyEvent>(store: EventStore, { after = 0, types, tags }: LogSelection<E>, known: EventTypes) {
  const given = queryOf(types, tags)
  const query = given && known.storedQuery(given)
  let position = after
  return async function* (): AsyncGenerator<StoredEvent, void, undefined> {
    for await (const page of store.readAll({ after: position, pageSize: PAGE, ...(query && { query }) })) {
      for (const stored of page) {
        yield stored
        position = stored.position
      }
    }
  }
}

function streamPages<E extends AnyEvent>(
  store: EventStore,
  { stream, afterVersion = 0, types }: StreamSelection<E>,
  known: EventTypes,
) {
  const names = types && known.storedTypesOf(typeNames(types))
  let version = afterVersion
  return async function* (): AsyncGenerator<StoredEvent, void, undefined> {
    for await (const page of store.readStream(stream, { fromVersion: version + 1, pageSize: PAGE })) {
      for (const stored of page) {
        if (names === undefined || names.has(stored.type)) yield stored
        version = stored.version
      }
    }
  }
}

/** Of a class that nobody lists no event would ever come. */
function checkTypes(types: unknown, { known }: EventTypes): void {
  const isList = Array.isArray(types) && types.every((type) => isEventClass(type))
  if (!isList) throw new InvalidOptionError('events', 'types', 'must be a list of classes made by Event')
  const names = new Set([...known].map(({ type }) => type))
  const unlisted = (types as readonly AnyEventClass[]).find(({ type }) => !names.has(type))
  if (unlisted !== undefined)
    throw new InvalidOptionError(
      'events',
      'types',
      `names '${unlisted.type}', which no module lists; add its class to a module's \`events\``,
    )
}

function queryOf(types: readonly Class<AnyEvent>[] | undefined, tags: readonly string[] | undefined): EventQuery | undefined {
  if (types === undefined && tags === undefined) return undefined
  return { items: [{ ...(types && { types: typeNames(types) }), ...(tags && { tags }) }] }
}

function typeNames(types: readonly Class<AnyEvent>[]): string[] {
  return types.map((eventClass) => (eventClass as unknown as AnyEventClass).type)
}
