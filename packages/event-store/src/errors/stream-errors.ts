import type { StreamDeletion } from '../store/streams.js'
import { WritError } from './writ-error.js'

/** The stream was deleted: nothing can be appended to it or read from it. Nothing was changed. */
export class StreamDeletedError extends WritError<'stream-deleted'> {
  /** The version that the stream had. */
  readonly version: number
  /** Whether its events were taken out of the store. */
  readonly hard: boolean
  /** The position of the deletion. */
  readonly position: number
  /** By the store's clock. */
  readonly deletedAt: Date
  /** Who did it, as the metadata of the deletion say. */
  readonly actor: string | undefined

  constructor(
    readonly stream: string,
    { version, hard, position, deletedAt, actor }: StreamDeletion,
  ) {
    super(
      'stream-deleted',
      `The stream '${stream}' was deleted at ${deletedAt.toISOString()}${actor === undefined ? '' : ` by '${actor}'`}, at version ${version}. ` +
        `Nothing can be appended to it or read from it, and its name can't be used again. ` +
        (hard ? 'Its events are gone.' : 'Its events are still in the log (readAll).'),
    )
    this.version = version
    this.hard = hard
    this.position = position
    this.deletedAt = deletedAt
    this.actor = actor
  }
}

/** Events were to be taken out of a store that does not allow it. Nothing was deleted. */
export class HardDeleteNotAllowedError extends WritError<'hard-delete-not-allowed'> {
  constructor(
    readonly adapter: string,
    /** The stream; undefined when the store could not be started with the permission. */
    readonly stream: string | undefined,
    why = 'the store was created without the option',
    cause?: unknown,
  ) {
    super(
      'hard-delete-not-allowed',
      `The ${adapter} store does not take events out${stream === undefined ? '' : ` of '${stream}'`}: ${why}. Nothing was deleted; ` +
        'create the store with allowHardDelete: true, in a process that may, or delete without `hard`.',
      cause === undefined ? undefined : { cause },
    )
  }
}

/** The books can't be closed before this version. Nothing was changed. */
export class InvalidTruncationError extends WritError<'invalid-truncation'> {
  constructor(
    readonly stream: string,
    readonly before: number,
    /** The stream's version, 0 where it is absent; undefined when it was not looked at. */
    readonly version: number | undefined,
  ) {
    super(
      'invalid-truncation',
      `The stream '${stream}' can't be truncated before ${String(before)}: ` +
        (version === undefined
          ? '`before` must be an integer from 1.'
          : `it is at version ${version}, and its last event must be left. Give a version from 1 to that.`),
    )
  }
}
