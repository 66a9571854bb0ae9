import { nearestName, WritError } from '@writ/event-store'
import type { ComparedVersion } from '../projections/comparison.js'

/** No projection of this name is there. */
export class UnknownProjectionError extends WritError<'unknown-projection'> {
  constructor(
    readonly projection: string,
    readonly known: readonly string[],
  ) {
    const nearest = nearestName(projection, known)
    super(
      'unknown-projection',
      `There is no projection '${projection}'${nearest === undefined ? '' : `; '${nearest}' may be meant`}. List it in a module's \`projections\`, and leave its version out of the name.`,
    )
  }
}

/** A version of a projection that this process has no code for, or that the store does not know. */
export class UnknownProjectionVersionError extends WritError<'unknown-projection-version'> {
  constructor(
    readonly projection: string,
    readonly version: number,
    /** Those that could have been meant. */
    readonly known: readonly number[],
    why: string,
  ) {
    super(
      'unknown-projection-version',
      `Version ${version} of the projection '${projection}' ${why}. ${known.length === 0 ? 'There are no others' : `There are ${known.join(', ')}`}.`,
    )
  }
}

/** No version that this process has the code of is live or kept up: it is being built. */
export class ReadModelNotReadyError extends WritError<'read-model-not-ready'> {
  constructor(
    readonly projection: string,
    /** The version that is live, which another process may serve. */
    readonly live: number | undefined,
    /** How far the versions of this process have come, of how many positions. */
    readonly versions: readonly { readonly version: number; readonly position: number; readonly head: number }[],
  ) {
    const built = versions
      .map(({ version, position, head }) => `version ${version} has come to ${position} of ${head}`)
      .join(', ')
    super(
      'read-model-not-ready',
      `The projection '${projection}' can't be read here: ${live === undefined ? 'no version' : `version ${live}`} is live, and of those that this process has, ${built}. ` +
        'Send the reader to a process that serves it, or wait until health says that it is ready.',
    )
  }
}

/** There is no version that could serve again. */
export class NothingToRollBackToError extends WritError<'nothing-to-roll-back-to'> {
  constructor(
    readonly projection: string,
    readonly live: number | undefined,
    why: string,
  ) {
    super('nothing-to-roll-back-to', `The projection '${projection}' stays at version ${live ?? 'none'}: ${why}.`)
  }
}

/** A version that is read, that a roll-back would go to, or that another process runs, can't be dropped. */
export class ProjectionVersionInUseError extends WritError<'projection-version-in-use'> {
  constructor(
    readonly projection: string,
    readonly version: number,
    readonly use: 'live' | 'previous' | 'run-elsewhere',
    /** The other processes that run it. */
    readonly by: readonly string[] = [],
  ) {
    const why = {
      live: 'is the live one, and was not dropped. Swap first.',
      previous: 'is the one before the live one, for a roll-back, and was not dropped. Swap first.',
      'run-elsewhere': `is run by ${by.join(', ')} as well, and was not dropped: that would build it anew at its next start. Stop those processes first.`,
    }
    super('projection-version-in-use', `Version ${version} of the projection '${projection}' ${why[use]}`)
  }
}

/** Two versions that were to hold the same don't. The one that was live stays so. */
export class ProjectionVersionsDifferError extends WritError<'projection-versions-differ'> {
  constructor(
    readonly projection: string,
    /** The position at which both were looked at. */
    readonly position: number,
    readonly versions: readonly ComparedVersion[],
  ) {
    const told = versions
      .map(({ version, count, checksum }) => {
        const rows = count === undefined ? '' : `${count} rows and `
        return `version ${version} has ${rows}the checksum ${checksum ?? 'none'}`
      })
      .join(', ')
    super(
      'projection-versions-differ',
      `The versions of the projection '${projection}' differ at position ${position}: ${told}. Nothing was swapped. ` +
        'Mend the newer version and raise its number, or leave out `comparable` where they are meant to differ.',
    )
  }
}

/** Two versions could not be brought to one position, and did not stand at one at any of the moments at which they were looked at. */
export class ComparisonTimedOutError extends WritError<'comparison-timed-out'> {
  constructor(
    readonly projection: string,
    readonly versions: readonly [number, number],
    readonly milliseconds: number,
  ) {
    super(
      'comparison-timed-out',
      `Versions ${versions.join(' and ')} of the projection '${projection}' did not stand at one position within ${milliseconds} ms, so they can't be compared. ` +
        'Compare them in the process that runs the newer one, all its partitions, while some process runs the live one; give it more time; or compare in a quiet hour.',
    )
  }
}

/** One stream's rows can't be made anew, or not here. Nothing has changed. */
export class ReplayRefusedError extends WritError<'replay-refused'> {
  constructor(
    readonly subscription: string,
    readonly stream: string,
    readonly why: string,
  ) {
    super('replay-refused', `'${stream}' was not replayed for '${subscription}': ${why}. Nothing has changed.`)
  }
}
