/** Where an event stands. */
export interface Place {
  readonly position: number
  readonly id: string
}

export interface StoredPlace extends Place {
  readonly stream: string
  readonly version: number
}

export interface Acknowledged extends StoredPlace {
  /** Who waited for the answer before asking for the next one. */
  readonly appender: string
}

/** What all processes of a run say, and what the log holds when it is over. */
export interface History {
  /** In the order of positions. */
  readonly stored: readonly StoredPlace[]
  /** Each appender's in its own order. */
  readonly acknowledged: readonly Acknowledged[]
  /** What each tailing reader was given, in that order. */
  readonly delivered: ReadonlyMap<string, readonly Place[]>
}

/** How many events speak against each promise. */
export interface Violations {
  /** Acknowledged, and not where that was said. */
  readonly lost: number
  /** Stored, and never given to a reader that went past it. */
  readonly skipped: number
  /** Stored or given twice. */
  readonly doubled: number
  /** Given out, numbered or acknowledged before one that came before it. */
  readonly outOfOrder: number
  /** Given to a reader, and not in the log any more. */
  readonly gone: number
}

export const noViolations: Violations = { lost: 0, skipped: 0, doubled: 0, outOfOrder: 0, gone: 0 }

export function violationsOf({ stored, acknowledged, delivered }: History): Violations {
  const places = new Map(stored.map((event) => [event.position, event]))
  const isThere = ({ position, id }: Place) => places.get(position)?.id === id
  const isWhereItWasSaid = (event: Acknowledged) => {
    const found = places.get(event.position)
    return found?.id === event.id && found.stream === event.stream && found.version === event.version
  }
  const readers = [...delivered.values()]
  return {
    lost: count(acknowledged, (event) => !isWhereItWasSaid(event)),
    skipped: sum(readers.map((given) => skippedBy(given, stored))),
    doubled:
      repeated(stored, ({ id }) => id) + sum(readers.map((given) => repeated(given, ({ id, position }) => `${id} ${position}`))),
    outOfOrder:
      sum(readers.map((given) => descents(given.map(({ position }) => position)))) +
      sum(groups(acknowledged, ({ appender }) => appender).map((own) => descents(own.map(({ position }) => position)))) +
      sum(groups(stored, ({ stream }) => stream).map((own) => count(own, ({ version }, index) => version !== index + 1))),
    gone: sum(readers.map((given) => count(given, (event) => !isThere(event)))),
  }
}

/** Readers begin at the first event and end at the last. */
function skippedBy(given: readonly Place[], stored: readonly StoredPlace[]): number {
  const positions = new Map(given.map(({ position, id }) => [position, id]))
  return count(stored, ({ position, id }) => positions.get(position) !== id)
}

function descents(positions: readonly number[]): number {
  return count(positions, (position, index) => index > 0 && position < positions[index - 1]!)
}

function repeated<T>(all: readonly T[], key: (each: T) => string): number {
  return all.length - new Set(all.map(key)).size
}

function groups<T>(all: readonly T[], key: (each: T) => string): T[][] {
  const byKey = new Map<string, T[]>()
  for (const each of all) {
    const own = byKey.get(key(each))
    if (own) own.push(each)
    else byKey.set(key(each), [each])
  }
  return [...byKey.values()]
}

function count<T>(all: readonly T[], is: (each: T, index: number) => boolean): number {
  let counted = 0
  for (let index = 0; index < all.length; index++) if (is(all[index]!, index)) counted++
  return counted
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0)
