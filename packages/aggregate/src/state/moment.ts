import { type EventStore, InvalidOptionError, refuseUnknownOptions, type StoredEvent } from '@writ/event-store'

/** A moment of an aggregate's past, by one of its three clocks; what happened at it is included. */
export type Moment =
  | { readonly version: number; readonly position?: never; readonly date?: never }
  | { readonly position: number; readonly version?: never; readonly date?: never }
  | { readonly date: Date; readonly version?: never; readonly position?: never }

/**
 * The version that a stream had at a moment: 0 before its first event.
 *
 * Positions and dates never run back along a stream, so a few single reads find the place, however long the stream is.
 *
 * @returns for a version that version itself, whether the stream has come to it or not
 * @throws InvalidOptionError
 */
export async function versionAt(store: EventStore, stream: string, moment: Moment): Promise<number> {
  refuseUnknownOptions('stateOf, at', moment, ['version', 'position', 'date'])
  const clocks = Object.values(moment).filter((value) => value !== undefined).length
  if (clocks !== 1) throw new InvalidOptionError('stateOf', 'at', 'must be one of version, position and date')
  if (moment.version !== undefined) return wholeNumber('at.version', moment.version)
  const isPast = beginsUpTo(moment)
  const last = await first(store, stream, { direction: 'backwards' })
  if (last === undefined || isPast(last)) return last?.version ?? 0
  let past = 0
  let later = last.version
  while (later - past > 1) {
    const middle = Math.floor((past + later) / 2)
    const event = await first(store, stream, { fromVersion: middle })
    if (event !== undefined && isPast(event)) past = middle
    else later = middle
  }
  return past
}

function beginsUpTo(moment: Exclude<Moment, { readonly version: number }>): (event: StoredEvent) => boolean {
  if (moment.position !== undefined) {
    const position = wholeNumber('at.position', moment.position)
    return (event) => event.position <= position
  }
  const time = moment.date instanceof Date ? moment.date.getTime() : Number.NaN
  if (Number.isNaN(time)) throw new InvalidOptionError('stateOf', 'at.date', 'must be a valid date')
  return ({ createdAt }) => createdAt.getTime() <= time
}

async function first(
  store: EventStore,
  stream: string,
  options: { readonly direction?: 'backwards'; readonly fromVersion?: number },
): Promise<StoredEvent | undefined> {
  for await (const [event] of store.readStream(stream, { ...options, limit: 1 })) return event
  return undefined
}

function wholeNumber(option: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidOptionError('stateOf', option, 'must be a whole number from 0')
  return value
}
