// One subscription in one process. Each of its partitions is run by one process at a time; which ones run here is this diagram:
//
//   standing by ── below its share, and a partition is free: the lease is given ──▶ a run of that partition (see PartitionRun)
//        ▲                                                                                │
//        ├── it is paused, or its number of partitions changes: all are given back ───────┤
//        ├── others have come, and there are more than its share: the surplus is given back ──┤
//        └── a lease is gone or in doubt: what is not stored is dropped ──────────────────┘
//
// An error policy that says stop, an event that can't be read and a log that was rewound stop all of it in this process; others, if there
// are any, take over.

import { type Checkpoint, hasCode, type LogRewoundError, type StoredEvent, type SubscriptionView } from '@writ/event-store'
import { sequenceOfStream } from './definition/sequences.js'
import type { SubscriptionDefinition } from './definition/subscription-definition.js'
import { Interruption } from './delivery/interruption.js'
import { ownEvents } from './delivery/own-events.js'
import { SubscriptionDeletedError } from './errors/subscription-errors.js'
import { describeError } from './infrastructure-error.js'
import type { Given, Heart } from './leasing/heart.js'
import { KnownPartitions } from './leasing/known-partitions.js'
import { hashOf, partitionOf } from './leasing/partition-of.js'
import type { SharedSubscription } from './leasing/sharing.js'
import { PartitionRun, type RunSurroundings } from './partition-run.js'
import { Patience } from './patience.js'
import { LogEntry } from './reading/log-entry.js'
import { statusOf } from './status-of.js'
import { Report, type SubscriptionStatus } from './subscription-status.js'
import type { Reached } from './waiting/reached.js'

/** How many leases are asked for at a time. */
const MOST_ASKED = 16

/** What all subscriptions of a process share. */
export interface Surroundings extends Omit<RunSurroundings, 'heart'> {
  readonly owner: string
  /** Called when something has begun or ceased to run here. */
  onChanged(): void
}

export class Subscription implements SharedSubscription {
  /** Under which types the events that it handles are stored. */
  readonly storedTypes: ReadonlySet<string>
  private readonly runs = new Map<number, PartitionRun>()
  /** Also those of runs that are over: what they have counted goes on to count. */
  private readonly reports = new Map<number, Report>()
  private readonly lives = new Set<Promise<void>>()
  private readonly patience: Patience
  private ending = new AbortController()
  private asking: Promise<void> | undefined
  private heart: Heart | undefined
  private readonly known: KnownPartitions
  private share = 0
  /** Why no lease can be asked for. */
  private trouble: unknown
  private stopped: { readonly cause: unknown } | undefined
  private owner: string
  private doubts = 0

  constructor(
    readonly definition: SubscriptionDefinition,
    private readonly surroundings: Surroundings,
  ) {
    this.owner = surroundings.owner
    this.storedTypes = surroundings.types.storedTypesOf(definition.handlers.keys())
    this.patience = new Patience(surroundings.runtime)
    this.known = new KnownPartitions(definition.name, this.runs, surroundings.logger)
  }

  get name(): string {
    return this.definition.name
  }

  /** How far it is known to have come, here or elsewhere. */
  get reached(): Reached {
    return this.known.reached
  }

  /** Makes sure that the store knows it: from now on events wait for it. */
  async register(): Promise<void> {
    const { name, startFrom, partitions } = this.definition
    const { store } = this.surroundings
    const startAfter = startFrom === 'origin' ? 0 : startFrom === 'current' ? (await store.head()).position : startFrom
    await store.checkpoints.register({ name, startAfter, partitions })
  }

  /** From now on it takes part. */
  start(heart: Heart): void {
    this.heart = heart
  }

  /** Lets the handlers at work finish, stores the checkpoints, gives the leases back. */
  async stop(): Promise<void> {
    this.end({ cause: undefined }, new Interruption('ending'))
    await this.ended()
  }

  /** Nothing of it is at work any more. */
  async ended(): Promise<void> {
    await this.asking
    await Promise.all(this.lives)
  }

  /** Whether a run of this process has parked an event beyond a position, and not beyond another one. */
  hasParked(after: number, upTo: number): boolean {
    return [...this.runs.values()].some((run) => run.hasParked(after, upTo))
  }

  /** Someone has decided on what is parked. */
  decided(): void {
    for (const run of this.runs.values()) run.decided()
  }

  /** The run of the partition that a stream's events belong to as a rule; undefined where another process has it, or none. */
  runOfStream(stream: string): PartitionRun | undefined {
    const { view } = this.known
    const run = view && this.runs.get(partitionOf(sequenceOfStream(stream), view.partitions))
    return run?.isAtWork ? run : undefined
  }

  /** The owners besides this process that take part in it. */
  get others(): readonly string[] {
    return (this.known.view?.members ?? []).filter((member) => member !== this.surroundings.owner)
  }

  /** The runs of all partitions; undefined where one of them does not run in this process. */
  get allRuns(): readonly PartitionRun[] | undefined {
    return this.isRunningHere ? [...this.runs.values()].filter(({ isAtWork }) => isAtWork) : undefined
  }

  /** The log was rewound: it stops, and says so. */
  abandon(error: LogRewoundError): void {
    this.end({ cause: error }, new Interruption('given-up', error))
  }

  /** Begins again where it was stopped without being asked to. */
  restart(): void {
    if (this.stopped === undefined || this.lives.size > 0) return
    this.stopped = undefined
    this.ending = new AbortController()
    this.heart?.soon()
  }

  /** Whether all of it follows the log in this process. */
  get isRunningHere(): boolean {
    const atWork = [...this.runs.values()].filter(({ isAtWork }) => isAtWork)
    return atWork.length === this.known.view?.partitions
  }

  /** Whether a partition follows the log in this process. */
  runsHere(partition: number): boolean {
    return this.runs.get(partition)?.isAtWork === true
  }

  get isStopped(): boolean {
    return this.stopped !== undefined
  }

  get isPaused(): boolean {
    return this.known.isPaused
  }

  get takesPart(): boolean {
    return this.heart !== undefined && this.stopped === undefined
  }

  get isPartlyElsewhere(): boolean {
    const { view, isPaused, isStale } = this.known
    return view !== undefined && !isPaused && (isStale || this.runs.size < view.partitions)
  }

  get hasFree(): boolean {
    const { known, owner } = this
    return known.isStale || (!known.isPaused && known.freeFor(owner).length > 0)
  }

  get isChanging(): boolean {
    return this.known.view?.change !== undefined
  }

  /** Whether a stored event is for one of its partitions. */
  concerns(partition: number, stored: StoredEvent): boolean {
    const { definition, surroundings, known } = this
    const own = ownEvents(definition, { partition, partitions: known.view?.partitions ?? 1 })
    const entry = new LogEntry(stored, surroundings.types)
    return own({ entries: [entry], upTo: stored.position }).entries.length > 0
  }

  see(view: SubscriptionView | undefined, share: number): void {
    if (!view) {
      this.deleted()
      return
    }
    this.share = share
    this.trouble = undefined
    this.known.see(view)
    this.endWhatIsNotItsOwn(view)
    this.ask()
  }

  seeRows(rows: readonly Checkpoint[]): void {
    this.known.seeRows(rows)
  }

  seeFailure(error: unknown): void {
    if (this.runs.size === 0) this.trouble = error
  }

  get status(): SubscriptionStatus {
    const { name, known, runs, stopped, trouble } = this
    return statusOf({ name, known, runs, reports: this.reports.values(), stopped, trouble, head: this.surroundings.reader.head })
  }

  private endWhatIsNotItsOwn({ isPaused, change }: SubscriptionView): void {
    const runs = [...this.runs.values()].filter(({ isEnding }) => !isEnding)
    const surplus = isPaused
      ? runs
      : change
        ? runs.filter(({ upTo }) => upTo === undefined || upTo !== change.upTo)
        : runs.slice(this.share)
    for (const run of surplus) run.end(new Interruption('ending'))
  }

  private ask(): void {
    this.asking ??= this.askForAll().finally(() => {
      this.asking = undefined
    })
  }

  private async askForAll(): Promise<void> {
    for (;;) {
      const partitions = this.toAskFor()
      if (partitions.length === 0) return
      const answers = await Promise.all(partitions.map((partition) => this.askFor(partition)))
      if (answers.includes('failed')) await this.patience.failed(this.ending.signal)
    }
  }

  /** From a partition on that is another one in each process, so that not all ask for the same one. */
  private toAskFor(): readonly number[] {
    const { view, isStale, rows } = this.known
    if (!view || view.isPaused || isStale || this.ending.signal.aborted) return []
    const held = [...this.runs.values()].filter(({ isEnding }) => !isEnding).length
    const missing = Math.min(this.share - held, MOST_ASKED)
    if (missing <= 0) return []
    const first = hashOf(`${this.name} ${this.owner}`) % rows.length
    const free = this.known.freeFor(this.owner).map(({ partition }) => partition)
    return [...free.filter((partition) => partition >= first), ...free.filter((partition) => partition < first)].slice(0, missing)
  }

  private async askFor(partition: number): Promise<'answered' | 'failed'> {
    const { name, surroundings } = this
    try {
      const answer = await this.heart!.acquire({ subscription: name, partition }, this.owner, () => this.lose(partition))
      this.trouble = undefined
      if (answer.acquired) {
        this.begin(answer)
      } else if (answer.why === 'held') {
        this.known.heldElsewhere(partition, answer.heldBy, answer.expiresIn)
      } else {
        this.known.isStale = true
        this.heart!.soon()
      }
      return 'answered'
    } catch (error) {
      if (hasCode(error, 'unknown-subscription')) {
        this.deleted()
        return 'answered'
      }
      if (this.patience.count === 0) {
        const facts = { subscription: name, error: describeError(error) }
        surroundings.logger.warn(facts, 'a lease can not be asked for; trying again until it can')
      }
      this.trouble = error
      return 'failed'
    }
  }

  private begin(given: Given): void {
    const { definition, surroundings, known, runs, ending } = this
    const { partition, epoch, owner } = given.lease
    known.taken({ partition, owner, epoch, checkpoint: given.checkpoint })
    const run = new PartitionRun(
      definition,
      given,
      this.reportOf(partition),
      { ...surroundings, heart: this.heart! },
      (position) => {
        this.patience.progress()
        known.reached.moveTo(partition, position)
      },
    )
    runs.set(partition, run)
    if (ending.signal.aborted) run.end(new Interruption('ending'))
    surroundings.onChanged()
    const life = this.live(partition, run)
    this.lives.add(life)
    void life.finally(() => this.lives.delete(life))
  }

  private async live(partition: number, run: PartitionRun): Promise<void> {
    const { ending, surroundings } = this
    const { reason, cause, isGivenBack } = await run.run(() => surroundings.onChanged())
    // To one and the same owner the store would give the old epoch again, which fences nothing.
    if (reason === 'lease-in-doubt' && !isGivenBack) this.owner = `${surroundings.owner}+${++this.doubts}`
    if (isGivenBack) this.known.givenBack(partition, run.report.checkpoint)
    if (reason === 'given-up') this.end({ cause }, new Interruption('ending'))
    if (reason === 'lease-in-doubt') this.trouble = cause
    surroundings.onChanged()
    // Until then it is not asked for again.
    if (reason === 'lease-gone' || reason === 'lease-in-doubt') await this.patience.failed(ending.signal)
    this.runs.delete(partition)
    surroundings.onChanged()
    this.ask()
  }

  /** The lease is lost. */
  private lose(partition: number): void {
    this.runs.get(partition)?.lose()
    this.surroundings.onChanged()
  }

  private end(why: { readonly cause: unknown }, interruption: Interruption): void {
    this.stopped ??= why
    this.ending.abort()
    for (const run of this.runs.values()) run.end(interruption)
    // The others learn that they need not count on this process.
    this.heart?.soon()
    this.surroundings.onChanged()
  }

  private deleted(): void {
    this.end({ cause: new SubscriptionDeletedError(this.name) }, new Interruption('ending'))
  }

  private reportOf(partition: number): Report {
    const report = this.reports.get(partition) ?? new Report()
    this.reports.set(partition, report)
    return report
  }
}
