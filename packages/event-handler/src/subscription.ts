// One subscription in one process. Its life is this diagram:
//
//   standby ── the lease is given ──▶ a run follows the log ── asked to end ──▶ finished
//      ▲                                  │    └── its error policy says stop ──▶ stopped
//      └── the lease is gone or in doubt ─┘
//
// The lease says who may follow; its epoch fences everyone before.

import type { LogRewoundError } from '@writ/event-store'
import type { SubscriptionDefinition } from './definition/subscription-definition.js'
import { Interruption } from './delivery/interruption.js'
import type { CheckpointWatch } from './leasing/checkpoint-watch.js'
import type { Leasing } from './leasing/held-lease.js'
import { type Given, Standby } from './leasing/standby.js'
import { PartitionRun, type RunSurroundings } from './partition-run.js'
import { Patience } from './patience.js'
import { Report, type SubscriptionStatus } from './subscription-status.js'
import { Reached } from './waiting/reached.js'

/** What all subscriptions of a process share. */
export interface Surroundings extends Leasing, RunSurroundings {
  readonly watch: CheckpointWatch
  /** Called when a subscription has ceased to run here. */
  onLeft(): void
}

export class Subscription {
  /** How far it is known to have come, here or elsewhere. */
  readonly reached = new Reached()
  /** Under which types the events that it handles are stored. */
  readonly storedTypes: ReadonlySet<string>
  private readonly report = new Report()
  private readonly ending = new AbortController()
  private readonly patience: Patience
  private readonly standby: Standby
  private current: PartitionRun | undefined
  private owner: string
  private doubts = 0
  /** Why it has to stop without being asked to. */
  private lost: LogRewoundError | undefined
  private running: Promise<void> = Promise.resolve()

  constructor(
    readonly definition: SubscriptionDefinition,
    private readonly surroundings: Surroundings,
  ) {
    this.owner = surroundings.owner
    this.storedTypes = surroundings.types.storedTypesOf(definition.handlers.keys())
    this.patience = new Patience(surroundings.runtime)
    this.standby = new Standby(definition.name, surroundings.watch, this.report, this.patience, this.ending.signal)
  }

  /** Makes sure that the store knows it: from now on events wait for it. */
  async register(): Promise<void> {
    const { name, startFrom } = this.definition
    const { store } = this.surroundings
    const startAfter = startFrom === 'origin' ? 0 : startFrom === 'current' ? (await store.head()).position : startFrom
    await store.checkpoints.register({ name, startAfter })
  }

  start(): void {
    this.running = this.live()
  }

  /** Lets the handler at work finish, stores the checkpoint, gives the lease back. */
  async stop(): Promise<void> {
    this.end()
    await this.running
  }

  /** Whether a run of this process has parked an event beyond a position, and not beyond another one. */
  hasParked(after: number, upTo: number): boolean {
    return this.current?.hasParked(after, upTo) ?? false
  }

  /** Someone has decided on what is parked. */
  decided(): void {
    this.current?.decided()
  }

  /** The log was rewound: it stops, and says so. */
  abandon(error: LogRewoundError): void {
    this.lost = error
    this.end()
  }

  /** Whether it follows the log in this process. */
  get isRunningHere(): boolean {
    return this.current !== undefined
  }

  get isStopped(): boolean {
    return this.report.state === 'stopped'
  }

  get status(): SubscriptionStatus {
    const { reached, report, current, definition, surroundings } = this
    return report.status(definition.name, surroundings.reader.head, reached.position, current?.trouble)
  }

  private async live(): Promise<void> {
    while (!this.ending.signal.aborted) {
      const given = await this.standby.untilGiven({ ...this.surroundings, owner: this.owner }, () => this.lose())
      if (!given) break
      const way = await this.follow(given)
      if (way === 'given-up') return
    }
    this.report.stopped(this.lost)
  }

  private end(): void {
    this.ending.abort()
    this.current?.end(this.interruption)
  }

  private get interruption(): Interruption {
    return this.lost ? new Interruption('given-up', this.lost) : new Interruption('ending')
  }

  /** Follows the log until something interrupts it; what that is decides where its life goes on. */
  private async follow({ lease, checkpoint }: Given): Promise<Interruption['reason']> {
    const { definition, report, reached, surroundings, ending } = this
    const run = new PartitionRun(definition, lease, checkpoint, report, surroundings, (position) => {
      this.patience.progress()
      reached.moveTo(position)
    })
    this.current = run
    if (ending.signal.aborted) run.end(this.interruption)
    reached.moveTo(checkpoint)
    const { reason, isGivenBack } = await run.run(() => {
      this.current = undefined
    })
    // To one and the same owner the store would give the old epoch again, which fences nothing.
    if (reason === 'lease-in-doubt' && !isGivenBack) this.owner = `${surroundings.owner}+${++this.doubts}`
    surroundings.onLeft()
    if (reason.startsWith('lease-')) await this.patience.failed(ending.signal)
    return reason
  }

  /** The lease is lost. */
  private lose(): void {
    const { current } = this
    if (!current) return
    this.current = undefined
    this.report.standby(undefined)
    current.lose()
    this.surroundings.onLeft()
  }
}
