import {
  categoryOf,
  checkDelete,
  checkStreamName,
  checkTruncate,
  type Deleted,
  type DeleteOptions,
  deletionOf,
  HardDeleteNotAllowedError,
  InvalidTruncationError,
  isExpected,
  isReservedStream,
  type ListOptions,
  newTombstone,
  StreamDeletedError,
  type StreamDeletion,
  type StreamInfo,
  type StreamPage,
  type Streams,
  streamList,
  type Truncated,
  type TruncateOptions,
  WrongExpectedVersionError,
} from '@writ/event-store'
import { recorded } from './append.js'
import type { InMemoryLog } from './in-memory-log.js'
import { missedBy } from './missed.js'
import { refuseDeleted } from './read.js'
import type { Ready } from './ready.js'

/** Looks at whole streams, and ends them. */
export class InMemoryStreams implements Streams {
  constructor(
    private readonly log: InMemoryLog,
    private readonly ready: Ready,
    private readonly allowHardDelete: boolean,
    private readonly note: (position: number) => void,
  ) {}

  async info(stream: string): Promise<StreamInfo | undefined> {
    await this.ready('look at a stream')
    checkStreamName(stream)
    const deletion = this.deletionOf(stream)
    const version = this.versionOf(stream)
    if (deletion) return { stream, version, firstVersion: version + 1, deletion }
    return version === 0 ? undefined : { stream, version, firstVersion: this.log.firstVersions.get(stream) ?? 1 }
  }

  async list(options?: ListOptions): Promise<StreamPage> {
    await this.ready('list streams')
    const { category, prefix, search, reserved, after, limit } = streamList(options)
    const names = [...new Set([...this.log.streams.keys(), ...this.log.tombstones.keys()])]
      .filter((name) => category === undefined || categoryOf(name) === category)
      .filter((name) => name.startsWith(prefix) && name.includes(search) && (reserved || !isReservedStream(name)))
      .filter((name) => byBytes(name, after) > 0)
      .sort(byBytes)
    const streams = (await Promise.all(names.slice(0, limit).map((name) => this.info(name)))).filter((info) => info !== undefined)
    const next = names.length > limit ? names[limit - 1] : undefined
    return { streams, ...(next !== undefined && { next }) }
  }

  async delete(stream: string, options?: DeleteOptions): Promise<Deleted> {
    await this.ready('delete a stream')
    const { expectedVersion, hard, metadata } = checkDelete(stream, options)
    if (hard) this.refuseHard(stream)
    const { log } = this
    const deletion = this.deletionOf(stream)
    if (deletion && (!hard || deletion.hard)) throw new StreamDeletedError(stream, deletion)
    const version = this.versionOf(stream)
    if (!isExpected(expectedVersion, version)) {
      throw new WrongExpectedVersionError(stream, expectedVersion, version, missedBy(log, stream, expectedVersion))
    }
    if (hard) {
      log.erase(stream, version)
      log.streams.delete(stream)
      log.snapshots.delete(stream)
    }
    const position = ++log.position
    const tombstone = newTombstone(log.runtime.uuid(), { version, hard }, metadata)
    log.tombstones.set(stream, recorded(tombstone, stream, version + 1, position, log.date()))
    log.wakeUp()
    this.note(position)
    return { version, position }
  }

  async truncate(stream: string, options: TruncateOptions): Promise<Truncated> {
    await this.ready('truncate a stream')
    const { before, hard } = checkTruncate(stream, options)
    if (hard) this.refuseHard(stream)
    const { log } = this
    refuseDeleted(log, stream)
    const version = this.versionOf(stream)
    if (before > version) throw new InvalidTruncationError(stream, before, version)
    const firstVersion = Math.max(before, log.firstVersions.get(stream) ?? 1)
    log.firstVersions.set(stream, firstVersion)
    if (hard) log.erase(stream, before - 1)
    return { firstVersion }
  }

  private deletionOf(stream: string): StreamDeletion | undefined {
    const tombstone = this.log.tombstones.get(stream)
    return tombstone && deletionOf(tombstone)
  }

  /** The version that a stream has, or had. */
  private versionOf(stream: string): number {
    return this.deletionOf(stream)?.version ?? this.log.streams.get(stream)?.length ?? 0
  }

  private refuseHard(stream: string): void {
    if (!this.allowHardDelete) throw new HardDeleteNotAllowedError('memory', stream)
  }
}

/** As a database compares names; JavaScript would put the halves of surrogate pairs in the middle. */
const byBytes = (one: string, other: string) => Buffer.compare(Buffer.from(one), Buffer.from(other))
