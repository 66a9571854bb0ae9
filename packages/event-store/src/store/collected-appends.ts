import { InvalidAppendError } from '../errors/invalid-append-error.js'
import { TransactionEndedError } from '../errors/transaction-ended-error.js'
import type { Append, Appended } from './append.js'
import { checkAppend, MAX_EVENTS_PER_APPEND } from './check-append.js'
import type { ExpectedVersion } from './expected-version.js'
import type { NewEvent } from './new-event.js'
import type { AppendCondition } from './query.js'
import type { NewReceipt } from './receipts.js'

/** Where an append's events stand among those of its stream: it ends after so many of them. */
interface Part {
  readonly stream: number
  readonly end: number
}

interface Merged {
  readonly stream: string
  readonly events: NewEvent[]
  readonly receipts: NewReceipt[]
  expectedVersion: ExpectedVersion | undefined
  condition: AppendCondition | undefined
}

/** The appends of one transaction, for adapters: checked as they come, and made one for each stream. */
export class CollectedAppends {
  private readonly streams = new Map<string, number>()
  private readonly list: Merged[] = []
  private readonly parts: Part[] = []
  private readonly eventIds = new Set<string>()
  private readonly commandIds = new Set<string>()
  private hasEnded = false

  /** @throws what `AppendsTogether.append` throws; what was thrown for is not taken in */
  append(append: Append): void {
    if (this.hasEnded) throw new TransactionEndedError('append')
    const { stream, events, expectedVersion, condition, receipts = [] } = append
    checkAppend(append)
    this.checkAmount(append)
    this.checkIds(append)
    const known = this.streams.get(stream)
    if (known !== undefined) checkFollows(this.list[known]!, append)
    for (const { id } of events) this.eventIds.add(id)
    for (const { commandId } of receipts) this.commandIds.add(commandId)
    const index = known ?? this.list.length
    if (known === undefined) {
      this.streams.set(stream, index)
      this.list.push({ stream, events: [], receipts: [], expectedVersion, condition: undefined })
    }
    const merged = this.list[index]!
    const before = merged.events.length
    for (const event of events) merged.events.push(event)
    for (const receipt of receipts) merged.receipts.push({ ...receipt, eventsUpTo: before + receipt.eventsUpTo })
    merged.condition ??= condition
    this.parts.push({ stream: index, end: merged.events.length })
  }

  /** Takes no more. */
  end(): void {
    this.hasEnded = true
  }

  /** One append for each stream, in the order in which they were first named. */
  get merged(): readonly Append[] {
    return this.list.map(({ stream, events, expectedVersion, condition, receipts }) => ({
      stream,
      events,
      ...(expectedVersion !== undefined && { expectedVersion }),
      ...(condition && { condition }),
      ...(receipts.length > 0 && { receipts }),
    }))
  }

  /** The answers to the merged appends → an answer to each append that was given. */
  answers(merged: readonly Appended[]): readonly Appended[] {
    return this.parts.map(({ stream, end }) => {
      const { version, position } = merged[stream]!
      const after = this.list[stream]!.events.length - end
      return { version: version - after, position: position - after }
    })
  }

  private checkAmount({ stream, events }: Append): void {
    const total = this.eventIds.size + events.length
    if (total > MAX_EVENTS_PER_APPEND) {
      throw new InvalidAppendError(
        stream,
        `with those before it there are ${total} events, and ${MAX_EVENTS_PER_APPEND} is the most; split them`,
      )
    }
    if (this.parts.length === MAX_EVENTS_PER_APPEND) {
      throw new InvalidAppendError(stream, `it is the ${this.parts.length + 1}th, and ${MAX_EVENTS_PER_APPEND} is the most`)
    }
  }

  private checkIds({ stream, events, receipts = [] }: Append): void {
    for (const { id } of events) {
      if (this.eventIds.has(id)) throw new InvalidAppendError(stream, `the event id ${id} stands in an append before it, too`)
    }
    for (const { commandId } of receipts) {
      if (!this.commandIds.has(commandId)) continue
      throw new InvalidAppendError(stream, `an append before it has a receipt for the command '${commandId}', too`)
    }
  }
}

/**
 * What `appendAll` checks before it writes anything.
 *
 * @throws InvalidAppendError, InvalidStreamNameError
 */
export function checkAppends(appends: readonly Append[]): void {
  const collected = new CollectedAppends()
  const streams = new Set<string>()
  for (const append of appends) {
    if (streams.has(append.stream))
      throw new InvalidAppendError(append.stream, 'there is one to this stream before it; join them')
    streams.add(append.stream)
    collected.append(append)
  }
}

function checkFollows(before: Merged, { stream, expectedVersion = 'any', condition }: Append): void {
  // Where the stream's last event stood before this transaction is not known here, so it could not be answered.
  if (before.events.length === 0) {
    throw new InvalidAppendError(stream, 'the one to this stream before it has no events; say here what that one expects')
  }
  if (condition && before.condition) {
    throw new InvalidAppendError(stream, 'the one to this stream before it has a condition, too; one of them may have one')
  }
  if (expectedVersion === 'any' || expectedVersion === 'stream-exists') return
  const first = before.expectedVersion === 'no-stream' ? 0 : before.expectedVersion
  const left = typeof first === 'number' ? first + before.events.length : undefined
  if (expectedVersion === left) return
  throw new InvalidAppendError(
    stream,
    `it expects ${JSON.stringify(expectedVersion)}, and those to this stream before it leave ` +
      `${left === undefined ? 'a version that is not known yet' : `version ${left}`}; expect 'any'`,
  )
}
