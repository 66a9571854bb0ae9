import type { VersionChange } from '../store/projection-versions.js'
import { WritError } from './writ-error.js'

/** Another version of a projection is live than the one that was to be changed from. Nothing was changed. */
export class ProjectionVersionConflictError extends WritError<'projection-version-conflict'> {
  readonly from: number | undefined
  readonly to: number

  constructor(
    readonly projection: string,
    { from, to }: VersionChange,
    /** The version that is live; undefined where none is. */
    readonly live: number | undefined,
  ) {
    super(
      'projection-version-conflict',
      `Version ${to} of the projection '${projection}' was not made live: it was to follow ${told(from)}, and ${told(live)} is live. ` +
        'Nothing was changed; someone else has swapped, so look at what is live and decide again.',
    )
    this.from = from
    this.to = to
  }
}

function told(version: number | undefined): string {
  return version === undefined ? 'no version' : `version ${version}`
}
