import {
  checkDelete,
  checkStreamName,
  checkTruncate,
  type Deleted,
  type DeleteOptions,
  type EventStore,
  type ExpectedVersion,
  HardDeleteNotAllowedError,
  hasCode,
  InvalidTruncationError,
  isExpected,
  type ListOptions,
  type Snapshots,
  StreamDeletedError,
  type StreamInfo,
  type StreamPage,
  type Streams,
  streamList,
  type Truncated,
  type TruncateOptions,
  WrongExpectedVersionError,
} from '@writ/event-store'
import type { InOrder } from './in-order.js'
import type { Past } from './past.js'
import type { Translation } from './translation.js'

export interface StreamsOfBranch {
  /** The store that the branch lies on. */
  readonly base: Streams
  /** The store of what the branch itself has. */
  readonly own: Pick<EventStore, 'streams'>
  readonly snapshots: Snapshots
  readonly translation: Translation
  readonly allowHardDelete: boolean
  readonly past: () => Past
  readonly inOrder: InOrder
  /** @throws what the stream as it is speaks against a version with */
  check(stream: string, expectedVersion: ExpectedVersion): Promise<void>
}

/** Tells of the branch's streams and ends them, those of the base too: there they stay as they are. */
export class BranchStreams implements Streams {
  /** The version from which on a stream is read, where its books were closed in the branch. */
  private readonly firstVersions = new Map<string, number>()

  constructor(private readonly branch: StreamsOfBranch) {}

  async info(stream: string): Promise<StreamInfo | undefined> {
    const { base, own, translation } = this.branch
    const past = this.branch.past()
    checkStreamName(stream)
    try {
      const end = await past.endOf(stream)
      const info = await own.streams.info(stream)
      if (info?.deletion) {
        const deletion = await translation.deletion(stream, info.deletion)
        return { stream, version: deletion.version, firstVersion: deletion.version + 1, deletion }
      }
      const version = end.version + (info?.version ?? 0)
      return version === 0 ? undefined : { stream, version, firstVersion: await this.firstVersionOf(stream) }
    } catch (error) {
      if (hasCode(error, 'stream-deleted')) return base.info(stream)
      throw error
    }
  }

  async list(options?: ListOptions): Promise<StreamPage> {
    const { base, own } = this.branch
    const { limit } = streamList(options)
    const pages = [await base.list(options), await own.streams.list(options)]
    // Beyond the end of either page, names of the other one may stand between those that it has not told yet.
    const end = pages.flatMap(({ next }) => next ?? []).sort(byBytes)[0]
    const names = [...new Set(pages.flatMap(({ streams }) => streams.map(({ stream }) => stream)))]
      .filter((name) => end === undefined || byBytes(name, end) <= 0)
      .sort(byBytes)
    // What the base has got since is not there in the branch.
    const infos = await Promise.all(names.slice(0, limit).map((name) => this.info(name)))
    const next = names.length > limit ? names[limit - 1] : end
    return { streams: infos.filter((info) => info !== undefined), ...(next !== undefined && { next }) }
  }

  delete(stream: string, options?: DeleteOptions): Promise<Deleted> {
    const { branch } = this
    return branch.inOrder.do(async () => {
      const { own } = branch
      const past = branch.past()
      const { expectedVersion, hard, metadata } = checkDelete(stream, options)
      if (hard) this.refuseHard(stream)
      const end = await past.endOf(stream)
      const { deletion } = (await this.info(stream)) ?? {}
      if (!hard || deletion?.hard !== false) await branch.check(stream, expectedVersion)
      // It may yet be taken out, but not at another version.
      else if (!isExpected(expectedVersion, deletion.version)) {
        const isBehind = expectedVersion === 'no-stream' || Number(expectedVersion) < deletion.version
        throw new WrongExpectedVersionError(stream, expectedVersion, deletion.version, isBehind ? undefined : [])
      }
      const { version, position } = await own.streams.delete(stream, { expectedVersion: 'any', hard, metadata })
      if (hard) {
        past.takeOut(stream, end.version)
        await branch.snapshots.delete(stream)
      }
      return { version: end.version + version, position: past.position + position }
    })
  }

  truncate(stream: string, options: TruncateOptions): Promise<Truncated> {
    const { branch } = this
    return branch.inOrder.do(async () => {
      const past = branch.past()
      const { before, hard } = checkTruncate(stream, options)
      if (hard) this.refuseHard(stream)
      const end = await past.endOf(stream)
      const { version = 0, deletion } = (await this.info(stream)) ?? {}
      if (deletion) throw new StreamDeletedError(stream, deletion)
      if (before > version) throw new InvalidTruncationError(stream, before, version)
      const firstVersion = Math.max(before, await this.firstVersionOf(stream))
      this.firstVersions.set(stream, firstVersion)
      if (hard) past.takeOut(stream, Math.min(before - 1, end.version))
      if (before > end.version) await branch.own.streams.truncate(stream, { before: before - end.version, hard })
      return { firstVersion }
    })
  }

  /**
   * The version from which on a stream is read.
   *
   * @throws StreamDeletedError
   */
  async readFrom(stream: string): Promise<number> {
    const { own, translation } = this.branch
    const deletion = (await own.streams.info(stream))?.deletion
    if (deletion) throw new StreamDeletedError(stream, await translation.deletion(stream, deletion))
    return this.firstVersionOf(stream)
  }

  private async firstVersionOf(stream: string): Promise<number> {
    return Math.max(this.firstVersions.get(stream) ?? 1, await this.branch.past().firstVersionOf(stream))
  }

  private refuseHard(stream: string): void {
    if (!this.branch.allowHardDelete) throw new HardDeleteNotAllowedError('branch', stream)
  }
}

/** As a database compares names. */
const byBytes = (one: string, other: string) => Buffer.compare(Buffer.from(one), Buffer.from(other))
