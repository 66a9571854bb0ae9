import {
  type AnyEvent,
  type Append,
  type AppendCondition,
  type Appended,
  type ExpectedVersion,
  InvalidAppendError,
  isExpected,
  type NewEvent,
  type NewReceipt,
  WrongExpectedVersionError,
} from '@writ/event-store'
import type { AggregateDefinition } from '../definition/decider.js'

/** The state of an event-sourced aggregate, with what the transaction has decided on it. */
export interface StateWithin {
  readonly aggregate: AggregateDefinition
  readonly state: unknown
}

/** What one transaction is about to append to one stream. */
export class StreamWithin {
  /** Known once a command has decided on it. */
  state: StateWithin | undefined
  readonly events: NewEvent[] = []
  readonly instances: AnyEvent[] = []
  readonly receipts: NewReceipt[] = []
  private condition: AppendCondition | undefined

  constructor(
    readonly name: string,
    private expected: ExpectedVersion | undefined,
  ) {}

  /** Its version with what the transaction appends; undefined where nobody has looked. */
  get version(): number | undefined {
    const { expected, events } = this
    const before = expected === 'no-stream' ? 0 : expected
    return typeof before === 'number' ? before + events.length : undefined
  }

  /**
   * Notes the version that the stream has before the transaction's own events.
   *
   * @throws WrongExpectedVersionError where the transaction has counted on another one
   */
  begins(version: number): void {
    if (!isExpected(this.expected ?? 'any', version))
      throw new WrongExpectedVersionError(this.name, this.expected!, version, undefined)
    this.expected = version
  }

  /** @throws InvalidAppendError where it does not go with those before it */
  add({ events, expectedVersion = 'any', condition, receipts = [] }: Append, instances: readonly AnyEvent[]): void {
    this.checkFollows(expectedVersion)
    if (condition) this.holdsOnlyIf(condition)
    const before = this.events.length
    for (const event of events) this.events.push(event)
    for (const instance of instances) this.instances.push(instance)
    for (const receipt of receipts) this.receipts.push({ ...receipt, eventsUpTo: before + receipt.eventsUpTo })
  }

  /** The same for a first one, which says what it expects. */
  addFirst(append: Append, instances: readonly AnyEvent[]): void {
    const { expectedVersion: _, ...rest } = append
    this.add(rest, instances)
  }

  /** All of it as one append. */
  get append(): Append {
    const { name: stream, expected, events, receipts, condition } = this
    return {
      stream,
      events,
      ...(expected !== undefined && { expectedVersion: expected }),
      ...(condition && { condition }),
      ...(receipts.length > 0 && { receipts }),
    }
  }

  /** Where the stream stood after so many of the transaction's events, once it is committed. */
  appendedAfter(end: number, { version, position }: Appended): Appended {
    const total = this.events.length
    // Before the first of them something else may stand; whoever has seen the log up to there has seen what was before.
    return { version: version - (total - end), position: position - (total - end) }
  }

  private checkFollows(expectedVersion: ExpectedVersion): void {
    if (expectedVersion === 'any') return
    const { version } = this
    if (expectedVersion === 'stream-exists' && version !== 0) return
    if (version !== undefined && isExpected(expectedVersion, version)) return
    throw new InvalidAppendError(
      this.name,
      `it expects ${JSON.stringify(expectedVersion)}, and what this transaction has before it leaves ` +
        `${version === undefined ? 'a version that is not known yet' : `version ${version}`}; expect 'any'`,
    )
  }

  private holdsOnlyIf({ failIfMatch, after = 0 }: AppendCondition): void {
    const { condition } = this
    if (condition && condition.after !== after)
      throw new InvalidAppendError(
        this.name,
        'one to this stream before it has a condition on another position; one of them may have one',
      )
    this.condition = { failIfMatch: { items: [...(condition?.failIfMatch.items ?? []), ...failIfMatch.items] }, after }
  }
}
