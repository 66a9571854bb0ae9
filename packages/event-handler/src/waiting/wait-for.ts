import type { Checkpoint, EventStore, Logger, LogRewoundError, Runtime } from '@writ/event-store'
import { currentHandling } from '../delivery/handling.js'
import { NotYetVisibleError, UnknownHandlerError, WaitsForItselfError } from '../errors/wait-errors.js'
import { describeError } from '../infrastructure-error.js'
import type { CheckpointWatch, Watcher } from '../leasing/checkpoint-watch.js'
import type { Subscription } from '../subscription.js'
import { FarSubscription } from './far-subscription.js'

/** Which handlers are waited for: all strongly consistent ones, or those with these names. */
export type Awaited = 'strong' | readonly string[]

const LOOK = { first: 4, often: 10, longest: 100 }

const STOPPING = 'this process is stopping'

interface Wait {
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
    store: EventStore,
    private readonly watch: CheckpointWatch,
    private readonly runtime: Runtime,
    private readonly logger: Logger,
  ) {
    this.far = new Map(
      [...subscriptions.values()].map((subscription) => [subscription, new FarSubscription(subscription, store)]),
    )
  }

  /** @throws NotYetVisibleError, WaitsForItselfError, UnknownHandlerError, LogRewoundError */
  async waitFor(position: number, handlers: Awaited, timeout: number): Promise<void> {
    if (this.lost) throw this.lost
    const awaited = this.awaited(handlers)
    refuseSelfWait(awaited)
    const lagging = awaited.filter(({ reached }) => reached.position < position)
    if (lagging.length > 0) await this.wait(position, lagging, timeout)
  }

  /** @throws WaitsForItselfError, UnknownHandlerError */
  refuse(handlers: Awaited): void {
    refuseSelfWait(this.awaited(handlers))
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

  see(rows: ReadonlyMap<string, Checkpoint>): void {
    for (const wait of this.waits) {
      const stopped = [...wait.lagging].some(
        ({ isStopped, definition }) => isStopped && rows.get(definition.name)?.owner === undefined,
      )
      if (stopped) wait.fail('it has stopped')
    }
    void this.learn(rows)
  }

  private async learn(rows: ReadonlyMap<string, Checkpoint>): Promise<void> {
    if (this.isLooking) return
    this.isLooking = true
    for (const [subscription, far] of this.far) {
      const row = rows.get(subscription.definition.name)
      if (!row || subscription.isRunningHere || subscription.reached.waiters.size === 0) continue
      await far.learn(row).catch((error: unknown) => {
        this.logger.debug(
          { subscription: subscription.definition.name, error: describeError(error) },
          'a wait could not look at the log',
        )
      })
    }
    this.isLooking = false
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
          const names = [...open].map(({ definition }) => definition.name)
          const stopped = [...open].filter(({ isStopped }) => isStopped).map(({ definition }) => definition.name)
          reject(new NotYetVisibleError(position, names, stopped, reason))
        }
        const wait: Wait = { position, lagging: open, fail, reject }
        this.begin(wait)
        if (this.isStopped) fail(STOPPING)
        release = () => {
          this.end(wait)
          for (const leave of waiters) leave()
        }
        this.runtime.sleep(timeout, timer.signal).then(() => {
          if (!timer.signal.aborted) fail(`${timeout} ms were not enough`)
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
    if (handlers === 'strong') return all.filter(({ definition }) => definition.consistency === 'strong')
    return handlers.map((name) => {
      const found = this.subscriptions.get(name) ?? all.find(({ definition }) => nameWithoutVersion(definition.name) === name)
      if (!found) throw new UnknownHandlerError(name, [...this.subscriptions.keys()])
      return found
    })
  }
}

function isFar({ lagging }: Wait): boolean {
  for (const { isRunningHere } of lagging) if (!isRunningHere) return true
  return false
}

function refuseSelfWait(awaited: readonly Subscription[]): void {
  const handling = currentHandling()
  if (!handling) return
  const isItself = awaited.some(({ definition }) => definition === handling.definition)
  if (isItself) throw new WaitsForItselfError(handling.definition.name, handling.event.position)
}

const nameWithoutVersion = (name: string): string => name.replace(/@\d+$/, '')
