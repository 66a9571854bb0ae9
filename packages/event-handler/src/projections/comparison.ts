import type { EventStore, Runtime } from '@writ/event-store'
import { InvalidSubscriptionError } from '../errors/definition-errors.js'
import { ComparisonTimedOutError } from '../errors/projection-errors.js'
import { withOwnTables } from './own-tables.js'
import { subscriptionOf, type VersionHere } from './versions-here.js'

/** Two versions of a projection, looked at in one snapshot, at one position. */
export interface Comparison {
  readonly projection: string
  /** How far both had come. */
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

/** Milliseconds between two looks at versions that stand at different positions. */
const PAUSE = 10

/**
 * Compares two versions: in a snapshot in which both stand at one position. Rows and checkpoint change together, so no other time is of use.
 *
 * @throws ComparisonTimedOutError when none of the moments was one
 */
export async function compareVersions(
  { store, runtime }: { readonly store: EventStore; readonly runtime: Runtime },
  name: string,
  sides: readonly [Compared, Compared],
  timeout: number,
): Promise<Comparison> {
  const deadline = runtime.monotonic() + timeout
  for (;;) {
    const comparison = await store.projections.read(async (transaction) => {
      const positions = new Set<number>()
      for (const { version } of sides) {
        for (const position of await transaction.checkpointsOf(subscriptionOf(name, version))) positions.add(position)
      }
      const [position, another] = positions
      if (position === undefined || another !== undefined) return undefined
      return comparisonOf(name, position, [await lookAt(sides[0], transaction), await lookAt(sides[1], transaction)])
    })
    if (comparison) return comparison
    if (runtime.monotonic() >= deadline) {
      throw new ComparisonTimedOutError(name, [sides[0].version, sides[1].version], timeout)
    }
    await runtime.sleep(PAUSE * (0.5 + runtime.random()))
  }
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
