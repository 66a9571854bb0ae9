import {
  type Append,
  AppendConditionFailedError,
  type Appended,
  CommandAlreadyHandledError,
  checkAppend,
  checkAppends,
  EventIdConflictError,
  type EventStore,
  type ExpectedVersion,
  eventsOf,
  isExpected,
  type Receipts,
  type StoredEvent,
  WrongExpectedVersionError,
  whyNotJson,
} from '@writ/event-store'
import type { BranchReads } from './branch-reads.js'
import type { BranchStreams } from './branch-streams.js'
import type { InOrder } from './in-order.js'
import type { Past } from './past.js'
import { firstAnswer, isRepetition, type Written } from './repetition.js'
import type { Translation } from './translation.js'

const MAX_MISSED = 100

export interface AppendsOfBranch {
  /** The store of what the branch itself has. */
  readonly own: EventStore
  readonly reads: BranchReads
  readonly receipts: Receipts
  readonly streams: BranchStreams
  readonly translation: Translation
  readonly past: () => Past
  readonly inOrder: InOrder
}

/** Judges appends by all that is there, of the past and of the branch's own, and stores what nothing speaks against. */
export class BranchAppends {
  constructor(private readonly branch: AppendsOfBranch) {}

  async append(append: Append): Promise<Appended> {
    checkAppend(append)
    refuseMalformed(append)
    const [appended] = await this.branch.inOrder.do(() => this.appendNow([append]))
    return appended!
  }

  async appendAll(appends: readonly Append[]): Promise<readonly Appended[]> {
    checkAppends(appends)
    for (const append of appends) refuseMalformed(append)
    return this.branch.inOrder.do(() => this.appendNow(appends))
  }

  /**
   * A receipt outranks a deletion, that a version, and a version a condition.
   *
   * @throws what an append is refused with
   */
  async check({ stream, expectedVersion = 'any', condition, receipts = [] }: Append): Promise<void> {
    const { reads, streams, receipts: known } = this.branch
    for (const { commandId } of receipts) {
      const receipt = await known.find(commandId)
      if (receipt) throw new CommandAlreadyHandledError(receipt)
    }
    await streams.readFrom(stream)
    const { version: actual = 0 } = (await streams.info(stream)) ?? {}
    if (!isExpected(expectedVersion, actual))
      throw new WrongExpectedVersionError(stream, expectedVersion, actual, await this.missed(stream, expectedVersion, actual))
    if (!condition) return
    const { failIfMatch: query, after = 0 } = condition
    for await (const [match] of reads.readAll({ query, after, limit: 1, durable: false }))
      throw new AppendConditionFailedError(stream, match!.position)
  }

  /** All or none. */
  private async appendNow(appends: readonly Append[]): Promise<readonly Appended[]> {
    const written = await this.writtenOf(appends)
    const areWritten = isRepetition(appends, written)
    const answers: Appended[] = []
    for (const append of appends) {
      const answer = firstAnswer(append, written)
      if (areWritten) answers.push(answer ?? (await this.asItIs(append.stream)))
      else if (answer) throw new EventIdConflictError(append.stream, append.events[0]!.id)
      else await this.check(append)
    }
    return areWritten ? answers : this.store(appends)
  }

  private async writtenOf(appends: readonly Append[]): Promise<Written> {
    const ids = appends.flatMap(({ events }) => events.map(({ id }) => id))
    const found = ids.length === 0 ? [] : await this.branch.reads.findEvents(ids)
    return new Map(found.map((event) => [event.id, event]))
  }

  /** What is answered of a stream that a repetition names, and appends nothing to: also of one that was deleted since. */
  private async asItIs(stream: string): Promise<Appended> {
    const { reads, streams } = this.branch
    const { deletion } = (await streams.info(stream)) ?? {}
    if (!deletion) return (await this.store([{ stream, events: [] }]))[0]!
    const last = reads.readAll({ stream, direction: 'backwards', limit: 1, durable: false })
    for await (const [event] of last) return { version: deletion.version, position: event!.position }
    return { version: 0, position: 0 }
  }

  /** Versions and positions are those of the branch, in and out. */
  private async store(appends: readonly Append[]): Promise<readonly Appended[]> {
    const { past, translation } = this.branch
    const own = appends.map(({ stream, events, receipts = [] }) => {
      return { stream, events: events.map((event) => translation.newEvent(event)), receipts }
    })
    const answers = await this.branch.own.appendAll(own)
    return Promise.all(
      answers.map(async ({ version, position }, index) => {
        const end = await past().endOf(appends[index]!.stream)
        return { version: end.version + version, position: position === 0 ? end.position : past().position + position }
      }),
    )
  }

  private async missed(stream: string, expected: ExpectedVersion, actual: number): Promise<readonly StoredEvent[] | undefined> {
    const { reads, streams } = this.branch
    const known = typeof expected === 'number' ? expected : expected === 'no-stream' ? 0 : actual
    if (actual <= known) return []
    if (actual - known > MAX_MISSED || known + 1 < (await streams.readFrom(stream))) return undefined
    const missed: StoredEvent[] = []
    for await (const event of eventsOf(reads.readStream(stream, { fromVersion: known + 1, durable: false }))) missed.push(event)
    return missed
  }
}

function refuseMalformed(append: Append): void {
  const malformed = whyNotJson(append)
  if (malformed) throw malformed
}
