import { type EventStore, refuseUnknownOptions } from '@writ/event-store'
import { findByName } from './definition/find-by-name.js'
import { forwardingTo } from './delivery/transaction-contexts.js'
import { InvalidResetError, SubscriptionInUseError } from './errors/subscription-errors.js'
import type { Heart } from './leasing/heart.js'
import { withOwnTables } from './projections/own-tables.js'
import type { Subscription } from './subscription.js'

/** Where a reset sends a subscription: before the first event, after the newest, or after a position. */
export interface ResetTarget {
  readonly to: 'origin' | 'current' | number
}

/**
 * What can be done to subscriptions while they run, in all processes at once: it is stored, and each process learns it by its next heartbeat,
 * which comes at once where the store's hint reaches it.
 */
export class SubscriptionControl {
  constructor(
    private readonly store: EventStore,
    private readonly subscriptions: ReadonlyMap<string, Subscription>,
    private readonly heart: Heart,
  ) {}

  async pause(name: string): Promise<void> {
    await this.store.checkpoints.pause(await this.knownName(name))
    this.heart.soon()
  }

  async resume(name: string): Promise<void> {
    const known = await this.knownName(name)
    await this.store.checkpoints.resume(known)
    this.subscriptions.get(known)?.restart()
    this.heart.soon()
  }

  async reset(name: string, target: ResetTarget): Promise<void> {
    refuseUnknownOptions('reset', target, ['to'])
    const { definition } = findByName(this.subscriptions, name)
    const { kind, name: known, beforeReset, readModel } = definition
    const position = await this.positionOf(known, target.to)
    if (kind === 'projection' && !beforeReset) await this.refuseToRepeat(known, position)
    await this.store.checkpoints.reset(known, position, async (transaction) => {
      const below = readModel ? withOwnTables(transaction, readModel) : forwardingTo(transaction)
      await beforeReset?.(Object.setPrototypeOf({ subscription: known, to: position }, below))
    })
    this.heart.soon()
  }

  async delete(name: string): Promise<void> {
    const known = await this.knownName(name)
    const own = this.subscriptions.get(known)
    if (own) {
      const isAtRest = own.isPaused || own.isStopped
      if (!isAtRest) throw new SubscriptionInUseError(known, [])
    } else {
      const holders = (await this.store.checkpoints.list(known)).flatMap(({ owner }) => owner ?? [])
      if (holders.length > 0) throw new SubscriptionInUseError(known, [...new Set(holders)])
    }
    await this.store.checkpoints.delete(known)
    this.heart.soon()
  }

  /** A subscription was steered, here or elsewhere: what has become of it is learnt now. */
  steered(name: string): void {
    const own = this.subscriptions.get(name)
    if (!own?.takesPart) return
    own.decided()
    this.heart.soon()
  }

  /** Of those that are defined here, and those that the store knows from elsewhere or from before. */
  private async knownName(name: string): Promise<string> {
    if (this.subscriptions.has(name)) return name
    const stored = (await this.store.checkpoints.list()).map(({ subscription }) => subscription)
    if (stored.includes(name)) return name
    return findByName(this.subscriptions, name, stored).name
  }

  private async positionOf(name: string, to: ResetTarget['to']): Promise<number> {
    if (to === 'origin') return 0
    const { position: head } = await this.store.head()
    if (to === 'current') return head
    if (!Number.isSafeInteger(to) || to < 0)
      throw new InvalidResetError(name, "'to' must be 'origin', 'current' or a position from 0")
    if (to > head) throw new InvalidResetError(name, `the log ends at ${head}, and what is appended up to ${to} would be skipped`)
    return to
  }

  private async refuseToRepeat(name: string, position: number): Promise<void> {
    const rows = await this.store.checkpoints.list(name)
    if (rows.every(({ checkpoint }) => checkpoint <= position)) return
    const why = `it would count what it has counted already. Give it a 'beforeReset' that empties its tables, or raise its version`
    throw new InvalidResetError(name, why)
  }
}
