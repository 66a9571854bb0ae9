import type { Checkpoint, EventStore, Logger, LogRewoundError, Runtime } from '@writ/event-store'
import { passesStream } from '../definition/event-filter.js'
import type { SubscriptionDefinition } from '../definition/subscription-definition.js'
import { currentHandling, type Handling } from '../delivery/handling.js'
import { CommittedButParkedError, NotYetVisibleError, UnknownHandlerError, WaitsForItselfError } from '../errors/wait-errors.js'
import { describeError } from '../infrastructure-error.js'
import type { CheckpointWatch, Watcher } from '../leasing/checkpoint-watch.js'
import type { Subscription } from '../subscription.js'
import { FarSubscription } from './far-subscription.js'

/** Which handlers are waited for: all strongly consistent ones, or those with these names. */
export type Awaited = 'strong' | readonly string[]

/** What was written, so that handlers which it does not concern are not waited for. */
export interface Written {
  readonly stream: string
  /** The types of the events, one for each. */
  readonly types: readonly string[]
}

export interface WaitForOptions {
  /** Milliseconds: 5,000 by default. */
  readonly timeout?: number
  /** What stands at the position and right before it; left out: the event at the position, whatever it is. */
  readonly written?: Written
}

const LOOK = { first: 4, often: 10, longest: 100 }

const STOPPING = 'this process is stopping'

interface Wait {
  /** On whose behalf it waits; undefined where no handler does. */
  readonly by: Handling | undefined
  readonly position: number
  readonly lagging: Set<Subscription>
  fail(reason: string): void
  reject(error: Error): void
}

/** The waits of one process: what runs here tells by itself, what runs elsewhere is looked at through the store. */
export class Waits implements Watcher {
  private readonly waits = new Set<Wait>()
  private readonly far: ReadonlyMap<Subscription, FarSubscription>
  private interval = LOOK.first
  private isLooking = false
  private isWatching = false
  private isStopped = false
  private lost: LogRewoundError | undefined

  constructor(
    private readonly subscriptions: ReadonlyMap<string, Subscription>,
    private readonly store: EventStore,
    private readonly watch: CheckpointWatch,
    private readonly runtime: Runtime,
    private readonly logger: Logger,
    /** Whether a projection's version serves: one that is being built is not waited for. */
    private readonly isServing: (definition: SubscriptionDefinition) => boolean,
  ) {
    this.far = new Map(
      [...subscriptions.values()].map((subscription) => [subscription, new FarSubscription(subscription, store)]),
    )
  }

  /** @throws NotYetVisibleError, CommittedButParkedError, WaitsForItselfError, UnknownHandlerError, LogRewoundError */
  async waitFor(position: number, handlers: Awaited, { timeout = 5_000, written }: WaitForOptions = {}): Promise<void> {
    if (this.lost) throw this.lost
    const awaited = this.awaited(handlers).filter(({ definition }) => !written || concerns(definition, written))
    const lagging = awaited.filter(({ reached }) => reached.position < position)
    if (lagging.length > 0) await this.untilReached(position, lagging, timeout, written)
    await this.refuseParked(awaited, position, written?.types.length ?? 1)
  }

  private async untilReached(
    position: number,
    lagging: readonly Subscription[],
    timeout: number,
    written: Written | undefined,
  ): Promise<void> {
    const circle = this.circleOf(lagging, position)
    // After a dispatch it is too late to refuse: what was decided is stored.
    if (circle && written) throw new NotYetVisibleError(position, namesOf(lagging), [], circle.message)
    if (circle) throw circle
    await this.wait(position, lagging, timeout)
  }

  /** @throws WaitsForItselfError, UnknownHandlerError */
  refuse(handlers: Awaited): void {
    const circle = this.circleOf(this.awaited(handlers), Number.POSITIVE_INFINITY)
    if (circle) throw circle
  }

  /** A subscription has ceased to run here: whoever waits for it has to look elsewhere. */
  review(): void {
    if (!this.hasFar()) return
    this.watchNow()
  }

  /** Ends all waits: nothing will move here any more. */
  stop(): void {
    this.isStopped = true
    for (const wait of this.waits) wait.fail(STOPPING)
  }

  /** The log was rewound: positions of before mean nothing any more. */
  abandon(error: LogRewoundError): void {
    this.lost = error
    for (const wait of this.waits) wait.reject(error)
  }

  every(): number {
    this.interval = Math.min(this.interval * 1.5, LOOK.longest)
    return this.interval
  }

  seeRows(rows: ReadonlyMap<string, readonly Checkpoint[]>): void {
    for (const wait of this.waits) {
      const stopped = [...wait.lagging].some(
        ({ isStopped, definition }) => isStopped && (rows.get(definition.name) ?? []).every(({ owner }) => owner === undefined),
      )
      if (stopped) wait.fail('it has stopped')
    }
    void this.learn(rows)
  }

  private async learn(rows: ReadonlyMap<string, readonly Checkpoint[]>): Promise<void> {
    if (this.isLooking) return
    this.isLooking = true
    for (const [subscription, far] of this.far) {
      const ofIt = rows.get(subscription.definition.name)
      if (!ofIt || subscription.isRunningHere || subscription.reached.waiters.size === 0) continue
      await far.learn(ofIt).catch((error: unknown) => {
        this.logger.debug(
          { subscription: subscription.definition.name, error: describeError(error) },
          'a wait could not look at the log',
        )
      })
    }
    this.isLooking = false
  }

  /** They have come so far; but what was waited for may have been put aside on the way. */
  private async refuseParked(awaited: readonly Subscription[], position: number, events: number): Promise<void> {
    const after = position - events
    const parked: Subscription[] = []
    for (const subscription of awaited) {
      const isParked =
        subscription.hasParked(after, position) ||
        (!subscription.isRunningHere && (await this.isParkedElsewhere(subscription, after, position)))
      if (isParked) parked.push(subscription)
    }
    if (parked.length > 0) throw new CommittedButParkedError(position, namesOf(parked))
  }

  private async isParkedElsewhere(subscription: Subscription, after: number, upTo: number): Promise<boolean> {
    const { name } = subscription.definition
    try {
      const [first] = await this.store.parked.list(name, { after: Math.max(0, after), limit: 1 })
      return first !== undefined && first.position <= upTo
    } catch {
      throw new NotYetVisibleError(upTo, [name], [], 'it has come so far, and the store does not tell whether it was parked')
    }
  }

  /** Whether the handler at work would wait for itself: at once, or because one of those that it waits for waits for it. */
  private circleOf(awaited: readonly Subscription[], position: number): WaitsForItselfError | undefined {
    const own = currentHandling()
    if (!own) return undefined
    const ways = awaited.map((subscription) => ({ subscription, position, through: [] as readonly string[] }))
    const seen = new Set<Wait>()
    for (const way of ways) {
      const { definition } = way.subscription
      if (definition === own.definition && way.position >= own.event.position) {
        return new WaitsForItselfError(definition.name, own.event.position, way.through)
      }
      for (const wait of this.waits) {
        // Who waits while it handles an event can't come past that event; to those before it, it may come all the same.
        if (wait.by?.definition !== definition || wait.by.event.position > way.position || seen.has(wait)) continue
        seen.add(wait)
        const through = [...way.through, `'${definition.name}'`]
        for (const subscription of wait.lagging) ways.push({ subscription, position: wait.position, through })
      }
    }
    return undefined
  }

  private async wait(position: number, lagging: readonly Subscription[], timeout: number): Promise<void> {
    const timer = new AbortController()
    let release = () => {}
    try {
      await new Promise<void>((resolve, reject) => {
        const open = new Set(lagging)
        const waiters = lagging.map((subscription) => {
          const arrived = () => {
            open.delete(subscription)
            if (open.size === 0) resolve()
          }
          const waiter = { position, arrived }
          subscription.reached.waiters.add(waiter)
          return () => subscription.reached.waiters.delete(waiter)
        })
        const fail = (reason: string) => {
          const stopped = [...open].filter(({ isStopped }) => isStopped)
          reject(new NotYetVisibleError(position, namesOf([...open]), namesOf(stopped), reason))
        }
        const wait: Wait = { by: currentHandling(), position, lagging: open, fail, reject }
        this.begin(wait)
        if (this.isStopped) fail(STOPPING)
        release = () => {
          this.end(wait)
          for (const leave of waiters) leave()
        }
        this.runtime.sleep(timeout, timer.signal).then(() => {
          if (!timer.signal.aborted) fail(`${Math.round(timeout)} ms were not enough`)
        })
      })
    } finally {
      timer.abort()
      release()
    }
  }

  private begin(wait: Wait): void {
    this.waits.add(wait)
    const looksOften = this.isWatching && this.interval <= LOOK.often
    if (isFar(wait) && !looksOften) this.watchNow()
  }

  private end(wait: Wait): void {
    this.waits.delete(wait)
    if (!this.isWatching || this.hasFar()) return
    this.watch.remove(this)
    this.isWatching = false
  }

  private watchNow(): void {
    this.interval = LOOK.first
    this.isWatching = true
    this.watch.add(this)
  }

  private hasFar(): boolean {
    for (const wait of this.waits) if (isFar(wait)) return true
    return false
  }

  private awaited(handlers: Awaited): readonly Subscription[] {
    const all = [...this.subscriptions.values()]
    if (handlers === 'strong') {
      return all.filter(({ definition }) => definition.consistency === 'strong' && this.isServing(definition))
    }
    return handlers.flatMap((name) => {
      const exact = this.subscriptions.get(name)
      if (exact) return [exact]
      const versions = all.filter(({ definition }) => nameWithoutVersion(definition.name) === name)
      if (versions.length === 0) throw new UnknownHandlerError(name, [...this.subscriptions.keys()])
      const serving = versions.filter(({ definition }) => this.isServing(definition))
      return serving.length > 0 ? serving : versions
    })
  }
}

function isFar({ lagging }: Wait): boolean {
  for (const { isRunningHere } of lagging) if (!isRunningHere) return true
  return false
}

/** Events that are written now are of today's types. */
function concerns({ handlers, filter }: SubscriptionDefinition, { stream, types }: Written): boolean {
  return types.some((type) => handlers.has(type)) && (!filter || passesStream(filter, stream))
}

const namesOf = (subscriptions: readonly Subscription[]): string[] => subscriptions.map(({ definition }) => definition.name)

const nameWithoutVersion = (name: string): string => name.replace(/@\d+$/, '')
