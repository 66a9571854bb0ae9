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
  /** What the projection's `checksum` gave for each; undefined where it has none. */
  readonly versions: readonly { readonly version: number; readonly checksum: string | undefined }[]
  /** Whether both gave the same; undefined where the projection has no `checksum`. */
  readonly agrees: boolean | undefined
}

/** One side: a version, and whose code computes its checksum. */
export interface Compared {
  readonly version: number
  readonly code: VersionHere
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
      const versions = []
      for (const side of sides) versions.push({ version: side.version, checksum: await checksumOf(side, transaction) })
      const [one, two] = versions.map(({ checksum }) => checksum)
      const agrees = one === undefined || two === undefined ? undefined : one === two
      return { projection: name, position, versions, agrees }
    })
    if (comparison) return comparison
    if (runtime.monotonic() >= deadline) {
      throw new ComparisonTimedOutError(name, [sides[0].version, sides[1].version], timeout)
    }
    await runtime.sleep(PAUSE * (0.5 + runtime.random()))
  }
}

async function checksumOf({ version, code }: Compared, transaction: object): Promise<string | undefined> {
  if (!code.checksum) return undefined
  const checksum = await code.checksum(withOwnTables(transaction, { ...code, version }))
  if (typeof checksum === 'string' || typeof checksum === 'number' || typeof checksum === 'bigint') return String(checksum)
  throw new InvalidSubscriptionError(code.definition.source, "its 'checksum' must give a text or a number")
}
