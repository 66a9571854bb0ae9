import {
  type EventStore,
  type EventTypes,
  type Logger,
  type LogRewoundError,
  type Runtime,
  silentLogger,
  systemRuntime,
} from '@writ/event-store'
import { type CheckpointOptions, whyNoCheckpointing } from './definition/checkpointing.js'
import { type ErrorPolicy, retryThenStop } from './definition/error-policy.js'
import { findByName } from './definition/find-by-name.js'
import type { SubscriptionDefinition } from './definition/subscription-definition.js'
import type { Halt } from './delivery/halt.js'
import { currentHandling } from './delivery/handling.js'
import { whileHalted } from './delivery/while-halted.js'
import { DuplicateSubscriptionError, InvalidSubscriptionError } from './errors/definition-errors.js'
import { SubscriptionsNotRunningError, SubscriptionsRunningError } from './errors/subscription-errors.js'
import { describeError } from './infrastructure-error.js'
import { CheckpointWatch } from './leasing/checkpoint-watch.js'
import { Sharing } from './leasing/sharing.js'
import { Parked } from './parking/parked.js'
import { replayStream } from './projections/replay.js'
import { LogReader } from './reading/log-reader.js'
import { Subscription } from './subscription.js'
import { type ResetTarget, SubscriptionControl } from './subscription-control.js'
import type { SubscriptionStatus } from './subscription-status.js'
import { type Awaited, type WaitForOptions, Waits } from './waiting/wait-for.js'

export interface SubscriptionsOptions {
  readonly store: EventStore
  /** The classes of all events that are handled. */
  readonly events: EventTypes
  /** How leases call this process: unique, also from one start to the next. A UUID by default. */
  readonly owner?: string
  /** How long a lease keeps others out after its holder has vanished: milliseconds, 5,000 by default. It is renewed at a third of it. */
  readonly leaseMilliseconds?: number
  /** What follows when a handler fails that does not say so itself: `retryThenStop()` by default. */
  readonly onError?: ErrorPolicy
  /** When the checkpoint of an event handler is stored that does not say so itself. */
  readonly checkpoint?: CheckpointOptions
  readonly runtime?: Runtime
  readonly logger?: Logger
  /** Whether a projection's version serves, and so is waited for; every one by default. */
  readonly isServing?: (definition: SubscriptionDefinition) => boolean
}

/** All event handlers and projections of one process over one store. */
export class Subscriptions {
  private readonly definitions = new Map<string, SubscriptionDefinition>()
  private readonly options: Required<SubscriptionsOptions>
  private running: Running | undefined
  private starting: Promise<void> | undefined

  constructor({ runtime = systemRuntime, logger = silentLogger, leaseMilliseconds = 5_000, ...given }: SubscriptionsOptions) {
    const { owner = runtime.uuid(), onError = retryThenStop(), checkpoint = {}, isServing = () => true } = given
    this.options = { ...given, owner, onError, checkpoint, leaseMilliseconds, runtime, logger, isServing }
    checkLease(leaseMilliseconds)
    checkCheckpointing(checkpoint)
  }

  /**
   * Adds a subscription; before the start.
   *
   * @throws DuplicateSubscriptionError, SubscriptionsRunningError
   */
  add(definition: SubscriptionDefinition): void {
    const { name, source } = definition
    if (this.starting) throw new SubscriptionsRunningError(`add '${name}'`)
    const other = this.definitions.get(name)
    if (other) throw new DuplicateSubscriptionError(name, [other.source, source])
    // A copy: the same value may be a handler of another application, too, and by its definition a handler at work is told from others.
    this.definitions.set(name, { ...definition })
  }

  /**
   * Registers all subscriptions, so that no event from now on escapes them, and begins to run them; it does not wait for them to catch up.
   *
   * @throws whatever the store throws; then nothing runs, and it may be tried again
   */
  start(): Promise<void> {
    this.starting ??= this.begin().catch((error: unknown) => {
      this.starting = undefined
      throw error
    })
    return this.starting
  }

  /** Lets the handlers at work finish, stores their checkpoints, gives the leases back. To call it twice is harmless. */
  async stop(): Promise<void> {
    await this.starting?.catch(() => 'told to whoever started it')
    const { running } = this
    if (!running) return
    this.starting = undefined
    running.stopListening()
    running.waits.stop()
    running.sharing.leaveSoon()
    await Promise.all([...running.subscriptions.values()].map((subscription) => subscription.stop()))
    await running.sharing.stop()
    await Promise.all([running.reader.stop(), running.watch.stop()])
  }

  /** How each of them is, as far as this process knows. */
  status(): readonly SubscriptionStatus[] {
    if (this.running) return [...this.running.subscriptions.values()].map(({ status }) => status)
    return [...this.definitions.keys()].map((name) => ({ ...unknownYet, name }))
  }

  /**
   * From now on nothing of a subscription is handled, in whatever process: handlers at work finish, and checkpoints are stored. Events wait
   * until it is resumed; so it stays over restarts.
   *
   * @param name a projection's version may be left out; also one that is not defined here, as long as the store knows it
   * @throws UnknownHandlerError, SubscriptionsNotRunningError
   */
  async pause(name: string): Promise<void> {
    await this.control('pause one').pause(name)
  }

  /**
   * Ends a pause. One that has stopped in this process, for its error policy said so, begins again, paused or not.
   *
   * @throws UnknownHandlerError, SubscriptionsNotRunningError
   */
  async resume(name: string): Promise<void> {
    await this.control('resume one').resume(name)
  }

  /**
   * Sends a subscription somewhere else in the log: all its partitions, in whatever process they run. What a handler has under way does not
   * count any more; its parked events are forgotten. `beforeReset` runs in the same transaction.
   *
   * @throws UnknownHandlerError, SubscriptionsNotRunningError
   * @throws InvalidResetError for a position beyond the log's end, and for a projection without `beforeReset` that is sent back
   * @throws what `beforeReset` throws; then nothing has changed
   */
  async reset(name: string, target: ResetTarget): Promise<void> {
    await this.control('reset one').reset(name, target)
  }

  /**
   * Has the store forget a subscription: one that is not defined any more, or is paused.
   *
   * @throws SubscriptionInUseError, UnknownHandlerError, SubscriptionsNotRunningError
   */
  async delete(name: string): Promise<void> {
    await this.control('delete one').delete(name)
  }

  /**
   * Waits until handlers have finished everything up to a position, in whatever process they run.
   *
   * @param position as an append or a dispatch returned it
   * @param handlers all strongly consistent ones, or those with these names; a projection's version may be left out
   * @throws NotYetVisibleError when the time is up, or at once when one of them has stopped
   * @throws CommittedButParkedError when one of them has put aside what is waited for
   * @throws WaitsForItselfError from within a handler that it would have to wait for, or that one of those waits for
   * @throws UnknownHandlerError
   * @throws LogRewoundError when the log was rewound meanwhile: what stands at the position now is something else
   */
  async waitFor(position: number, handlers: Awaited = 'strong', options: WaitForOptions = {}): Promise<void> {
    await this.waits('wait').waitFor(position, handlers, options)
  }

  /**
   * Refuses what `waitFor` would refuse, before anything is dispatched that is then to be waited for.
   *
   * @throws WaitsForItselfError, UnknownHandlerError
   */
  checkWait(handlers: Awaited): void {
    this.waits('wait').refuse(handlers)
  }

  /**
   * What a subscription has put aside, to look at and to decide on.
   *
   * @param handler a name; a projection's version may be left out
   * @throws UnknownHandlerError
   */
  parked(handler: string): Parked {
    const { store, events: types, runtime, logger } = this.options
    const { name } = findByName(this.definitions, handler)
    const onDecided = () => this.running?.subscriptions.get(name)?.decided()
    return new Parked(name, { store, types, runtime, logger, onDecided })
  }

  /**
   * Makes one stream's rows of a projection anew: it forgets them and handles the stream's events again, in one transaction under its lease.
   *
   * @param name with its version
   * @returns how many events were handled again
   * @throws ReplayRefusedError where it can't be done here, or would count something twice; nothing has changed
   * @throws what `forget` or a handler throws; nothing has changed
   */
  async replay(name: string, stream: string): Promise<number> {
    if (!this.running) throw new SubscriptionsNotRunningError('replay a stream')
    const { store, events: types } = this.options
    return replayStream({ store, types }, findByName(this.running.subscriptions, name), stream)
  }

  /**
   * Carries out work while all partitions of a subscription stand still, which the work may move on to positions of its choice.
   *
   * @returns undefined where not all of them run in this process, or they did not come to stand still within so many milliseconds
   * @throws what the work throws
   */
  async whileHalted<T>(name: string, work: (halts: readonly Halt[]) => Promise<T>, timeout: number): Promise<T | undefined> {
    const runs = this.running?.subscriptions.get(name)?.allRuns
    return runs && whileHalted(this.options.runtime, runs, work, timeout)
  }

  /** Which other processes take part in a subscription that is defined here, as of the last heartbeat. */
  othersWith(name: string): readonly string[] {
    return this.running?.subscriptions.get(name)?.others ?? []
  }

  /** The name of the one of these whose handler asks; undefined outside of them. */
  whoIsAtWork(): string | undefined {
    const definition = currentHandling()?.definition
    return definition && this.definitions.get(definition.name) === definition ? definition.name : undefined
  }

  /** How many events, each the cause of the next, led to the work of the handler that asks; 0 outside of handlers. */
  causationDepth(): number {
    const handling = currentHandling()
    return handling === undefined ? 0 : (handling.event.metadata.causationDepth ?? 0) + 1
  }

  private async begin(): Promise<void> {
    const { store, events: types, runtime, logger } = this.options
    const definitions = [...this.definitions.values()]
    const wanted = types.storedTypesOf(definitions.flatMap(({ handlers }) => [...handlers.keys()]))
    const reader = new LogReader(store, types, wanted, runtime, logger)
    const watch = new CheckpointWatch(store.checkpoints, runtime, logger)
    const onChanged = () => {
      waits.review()
      sharing.review()
    }
    const surroundings = { ...this.options, types, reader, onChanged }
    const subscriptions = new Map(definitions.map((definition) => [definition.name, new Subscription(definition, surroundings)]))
    const waits = new Waits(subscriptions, store, watch, runtime, logger, this.options.isServing)
    const sharing = new Sharing({ ...this.options, checkpoints: store.checkpoints }, watch, [...subscriptions.values()])
    const control = new SubscriptionControl(store, subscriptions, sharing.heart)
    await Promise.all([...subscriptions.values()].map((subscription) => subscription.register()))
    const listening = [store.onRewound((error) => this.abandon(error)), store.onSteered((name) => control.steered(name))]
    const stopListening = () => {
      for (const stop of listening) stop()
    }
    this.running = { subscriptions, reader, watch, waits, sharing, control, stopListening }
    reader.start()
    watch.start()
    for (const subscription of subscriptions.values()) subscription.start(sharing.heart)
    sharing.heart.start()
  }

  /** The log was rewound: to go on would skip what is appended at the lost positions, or handle it on top of what is gone. */
  private abandon(error: LogRewoundError): void {
    const { subscriptions, reader, watch, waits, sharing } = this.running!
    this.options.logger.error({ error: describeError(error) }, 'the log was rewound: all subscriptions stop')
    for (const subscription of subscriptions.values()) subscription.abandon(error)
    waits.abandon(error)
    void Promise.all([...subscriptions.values()].map((subscription) => subscription.ended())).then(() => sharing.stop())
    void reader.stop()
    void watch.stop()
  }

  private waits(operation: string): Waits {
    if (!this.running) throw new SubscriptionsNotRunningError(operation)
    return this.running.waits
  }

  private control(operation: string): SubscriptionControl {
    if (!this.running) throw new SubscriptionsNotRunningError(operation)
    return this.running.control
  }
}

const unknownYet = {
  state: 'starting',
  checkpoint: 0,
  lag: 0,
  skipped: 0,
  parked: 0,
  here: 0,
  partitions: [],
  isPaused: false,
} as const

interface Running {
  readonly subscriptions: ReadonlyMap<string, Subscription>
  readonly reader: LogReader
  readonly watch: CheckpointWatch
  readonly waits: Waits
  readonly sharing: Sharing
  readonly control: SubscriptionControl
  readonly stopListening: () => void
}

function checkLease(milliseconds: number): void {
  if (Number.isFinite(milliseconds) && milliseconds >= 100) return
  throw new InvalidSubscriptionError('new Subscriptions(…)', "'leaseMilliseconds' must be milliseconds from 100")
}

function checkCheckpointing(options: CheckpointOptions): void {
  const why = whyNoCheckpointing(options)
  if (why) throw new InvalidSubscriptionError('new Subscriptions(…)', `its checkpoint's ${why}`)
}
