import type { EventStore, Runtime } from '@writ/event-store'
import type { Halt } from '../delivery/halt.js'
import { inTime } from '../delivery/while-halted.js'
import { InvalidSubscriptionError } from '../errors/definition-errors.js'
import { ComparisonTimedOutError } from '../errors/projection-errors.js'
import type { Subscriptions } from '../subscriptions.js'
import { withOwnTables } from './own-tables.js'
import { subscriptionOf, type VersionHere } from './versions-here.js'

/** Two versions of a projection, each looked at in a snapshot in which it stands at one and the same position. */
export interface Comparison {
  readonly projection: string
  /** How far both had come; of several partitions, the one that is furthest behind. */
  readonly position: number
  readonly versions: readonly ComparedVersion[]
  /** Whether `checksum` and `count` gave the same for both; undefined where the projection has neither. */
  readonly agrees: boolean | undefined
}

/** What a projection tells of one of its versions. */
export interface ComparedVersion {
  readonly version: number
  /** What its `count` gave; undefined where it has none. */
  readonly count: number | undefined
  /** What its `checksum` gave; undefined where it has none. */
  readonly checksum: string | undefined
}

/** One side: a version, and whose code looks at it, the first that can. */
export interface Compared {
  readonly version: number
  readonly codes: readonly VersionHere[]
}

export interface ComparisonOptions {
  readonly store: EventStore
  readonly subscriptions: Subscriptions
  readonly runtime: Runtime
}

/** The two to be compared, of which the live one goes its way whatever happens. */
export interface Pair {
  readonly name: string
  readonly live: Compared
  readonly other: Compared
  /** Whether somebody runs the live one: then it comes to where the other one waits for it. */
  readonly isLiveFollowed: boolean
}

/** Milliseconds between two looks at versions that stand at different positions. */
const PAUSE = 10
/** Milliseconds that the other version has at least for its few events, however long the look at the live one has taken. */
const FOR_THE_WAY = 1_000

/**
 * Compares two versions as of one position. Rows and checkpoint change together, so a snapshot in which a version stands at a position has
 * its rows as of there.
 *
 * Where the other version runs here, it stands still while the live one is looked at wherever that stands, goes to the same position, and is
 * looked at there: so it is of no matter how busy the log is. Elsewhere a moment is looked for at which both stand at one position.
 *
 * @throws ComparisonTimedOutError
 */
export async function compareVersions(options: ComparisonOptions, pair: Pair, timeout: number): Promise<Comparison> {
  const { store, subscriptions, runtime } = options
  const { name, live, other, isLiveFollowed } = pair
  const deadline = runtime.monotonic() + timeout
  if (isLiveFollowed) {
    const compare = (halts: readonly Halt[]) => compareHalted(options, pair, halts, deadline)
    const comparison = await subscriptions.whileHalted(subscriptionOf(name, other.version), compare, timeout)
    if (comparison) return comparison
  }
  for (;;) {
    const comparison = await store.projections.read(async (transaction) => {
      const positions = new Set<number>()
      for (const { version } of [live, other]) {
        for (const position of await transaction.checkpointsOf(subscriptionOf(name, version))) positions.add(position)
      }
      const [position, another] = positions
      if (position === undefined || another !== undefined) return undefined
      return comparisonOf(name, position, [await lookAt(live, transaction), await lookAt(other, transaction)])
    })
    if (comparison) return comparison
    if (runtime.monotonic() >= deadline) {
      throw new ComparisonTimedOutError(name, [live.version, other.version], timeout)
    }
    await runtime.sleep(PAUSE * (0.5 + runtime.random()))
  }
}

/** Undefined where the live one did not come to where the other one stands, or that one to the live one. */
async function compareHalted(
  { store, runtime }: ComparisonOptions,
  pair: Pair,
  halts: readonly Halt[],
  deadline: number,
): Promise<Comparison | undefined> {
  const { name, live, other } = pair
  const left = () => deadline - runtime.monotonic()
  while (left() > 0 && !halts.some(({ signal }) => signal.aborted)) {
    const first = await store.projections.read(async (transaction) => {
      const targets = targetsOf(pair, await transaction.checkpointsOf(subscriptionOf(name, live.version)), halts)
      return targets && { targets, seen: await lookAt(live, transaction) }
    })
    if (!first) {
      await runtime.sleep(PAUSE)
      continue
    }
    const { targets, seen } = first
    const going = Promise.all(halts.map((halt) => halt.goTo(targets[halt.partition]!)))
    if (!(await inTime(runtime, going, Math.max(left(), FOR_THE_WAY)))) return undefined
    return store.projections.read(async (transaction) => {
      const reached = await transaction.checkpointsOf(subscriptionOf(name, other.version))
      if (reached.join() !== targets.join()) return undefined
      return comparisonOf(name, Math.min(...targets), [seen, await lookAt(other, transaction)])
    })
  }
  return undefined
}

/**
 * Where the partitions of the other version have to go to hold what the live one holds; undefined where one of them is beyond that already.
 *
 * Partitions of the live one that stand at different positions can only be met by those that have the same events.
 */
function targetsOf(pair: Pair, live: readonly number[], halts: readonly Halt[]): readonly number[] | undefined {
  const isOnePosition = new Set(live).size === 1
  if (!isOnePosition && !(live.length === halts.length && areDividedAlike(pair))) return undefined
  const targets = halts.map((_, partition) => (isOnePosition ? live[0]! : live[partition]!))
  return halts.every(({ partition, position }) => position <= targets[partition]!) ? targets : undefined
}

/** Of what other code, or a function, makes of an event nobody knows whether it is the same. */
function areDividedAlike({ live, other }: Pair): boolean {
  return [live, other].every(({ version, codes }) => {
    const own = codes.find((code) => code.version === version)
    return own !== undefined && own.definition.sequencesOf === undefined
  })
}

function comparisonOf(name: string, position: number, versions: readonly [ComparedVersion, ComparedVersion]): Comparison {
  const [one, two] = versions
  const isKnown = one.checksum !== undefined || one.count !== undefined
  const agrees = isKnown ? one.checksum === two.checksum && one.count === two.count : undefined
  return { projection: name, position, versions, agrees }
}

async function lookAt({ version, codes }: Compared, transaction: object): Promise<ComparedVersion> {
  const ask = async (hook: 'checksum' | 'count') => {
    const code = codes.find((one) => one[hook])
    return code && { code, answer: await code[hook]!(withOwnTables(transaction, { ...code, version })) }
  }
  const [count, checksum] = [await ask('count'), await ask('checksum')]
  return { version, count: count && countOf(count), checksum: checksum && checksumOf(checksum) }
}

interface Answered {
  readonly code: VersionHere
  readonly answer: unknown
}

function checksumOf({ code, answer }: Answered): string {
  if (typeof answer === 'string' || typeof answer === 'number' || typeof answer === 'bigint') return String(answer)
  throw new InvalidSubscriptionError(code.definition.source, "its 'checksum' must give a text or a number")
}

function countOf({ code, answer }: Answered): number {
  const isGiven = typeof answer === 'number' || typeof answer === 'bigint' || (typeof answer === 'string' && answer !== '')
  const count = isGiven ? Number(answer) : Number.NaN
  if (Number.isSafeInteger(count) && count >= 0) return count
  throw new InvalidSubscriptionError(code.definition.source, "its 'count' must give a number of rows")
}
