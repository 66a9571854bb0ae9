import {
  type Acquisition,
  type CheckedChanges,
  type Checkpoint,
  type Checkpoints,
  checkAcquisition,
  checkChanges,
  checkHeartbeat,
  checkMilliseconds,
  checkName,
  checkNewSubscription,
  checkPosition,
  checkReset,
  type Heartbeat,
  type HeartbeatAnswer,
  type Lease,
  LeaseLostError,
  type NewSubscription,
  type ParkingChanges,
  type PartitionName,
  UnknownSubscriptionError,
} from '@writ/event-store'
import type { InMemoryLog } from './in-memory-log.js'
import { type InMemoryTransaction, undoable } from './in-memory-transaction.js'
import type { Partition } from './partition.js'
import type { Ready } from './ready.js'
import { Subscription } from './subscription.js'

type Effect = (transaction: InMemoryTransaction) => Promise<void>

export class InMemoryCheckpoints implements Checkpoints<InMemoryTransaction> {
  constructor(
    private readonly log: InMemoryLog,
    private readonly ready: Ready,
  ) {}

  async register(subscription: NewSubscription): Promise<void> {
    const { name, startAfter, partitions } = subscription
    await this.ready('register a subscription')
    checkNewSubscription(subscription)
    const known = await this.settled(name)
    if (!known) this.log.subscriptions.set(name, new Subscription(name, startAfter, partitions ?? 1, this.log.epochFloor))
    else if (partitions !== undefined && known.wish(partitions)) this.log.steered(name)
  }

  async acquire(name: PartitionName, owner: string, leaseMilliseconds: number): Promise<Acquisition> {
    await this.ready('acquire a lease')
    checkAcquisition(name, owner, leaseMilliseconds)
    const subscription = await this.known(name.subscription)
    return subscription.acquire(name.partition, owner, leaseMilliseconds, this.log.now())
  }

  async renew(lease: Lease, leaseMilliseconds: number): Promise<void> {
    await this.ready('renew a lease')
    checkMilliseconds('checkpoints.renew', 'leaseMilliseconds', leaseMilliseconds)
    if (!(await this.renewed(lease, leaseMilliseconds))) throw new LeaseLostError(lease)
  }

  async release(lease: Lease): Promise<void> {
    await this.ready('release a lease')
    ;(await this.partition(lease))?.release(lease)
  }

  async heartbeat(heartbeat: Heartbeat): Promise<HeartbeatAnswer> {
    await this.ready('send a heartbeat')
    checkHeartbeat(heartbeat)
    const { owner, subscriptions, leases, leaseMilliseconds } = heartbeat
    const lost: Lease[] = []
    const known: Subscription[] = []
    for (const name of [...new Set(subscriptions)].sort()) {
      const subscription = await this.settled(name)
      if (subscription) known.push(subscription)
    }
    const now = this.log.now()
    for (const subscription of this.log.subscriptions.values()) if (!known.includes(subscription)) subscription.endPart(owner)
    for (const subscription of known) {
      subscription.join(owner, now + leaseMilliseconds, now)
      subscription.takeStepsDue(now)
    }
    for (const lease of leases) if (!(await this.renewed(lease, leaseMilliseconds))) lost.push(lease)
    return { lost, subscriptions: known.map((subscription) => subscription.view(this.log.now())) }
  }

  async leave(owner: string): Promise<void> {
    await this.ready('leave')
    checkName('checkpoints.leave', 'owner', owner)
    for (const subscription of this.log.subscriptions.values()) {
      await subscription.settled
      subscription.leave(owner)
    }
  }

  async advance(lease: Lease, position: number, given?: ParkingChanges): Promise<void> {
    await this.ready('advance a checkpoint')
    checkPosition('checkpoints.advance', 'position', position)
    await this.move(lease, position, checkChanges(given))
  }

  /**
   * Not every effect says how to take back what it did to memory of its own, so the fence is checked before it runs; and again after it, as a
   * database would when it commits.
   */
  async advanceWith(lease: Lease, position: number, effect: Effect, given?: ParkingChanges): Promise<void> {
    await this.ready('advance a checkpoint')
    checkPosition('checkpoints.advance', 'position', position)
    const changes = checkChanges(given)
    const { partition } = await this.leased(lease)
    await partition.oneAfterAnother(async () => {
      partition.checkAdvance(lease, position)
      await undoable(async (transaction) => {
        await effect(transaction)
        await this.move(lease, position, changes)
      })
    })
  }

  async pause(subscription: string): Promise<void> {
    await this.ready('pause a subscription')
    checkName('checkpoints.pause', 'subscription', subscription)
    await this.setPaused(subscription, true)
  }

  async resume(subscription: string): Promise<void> {
    await this.ready('resume a subscription')
    checkName('checkpoints.resume', 'subscription', subscription)
    await this.setPaused(subscription, false)
  }

  async reset(name: string, position: number, effect?: Effect): Promise<void> {
    await this.ready('reset a subscription')
    checkReset(name, position)
    await this.alone(name, effect, (subscription) => {
      subscription.replace(position)
      subscription.parking.clear()
    })
  }

  async delete(name: string, effect?: Effect): Promise<void> {
    await this.ready('delete a subscription')
    checkName('checkpoints.delete', 'subscription', name)
    await this.alone(name, effect, ({ lastEpoch }) => {
      // One of the same name that is registered again has leases of its own.
      this.log.epochFloor = Math.max(this.log.epochFloor, lastEpoch + 1)
      this.log.subscriptions.delete(name)
    })
  }

  async list(subscription?: string): Promise<readonly Checkpoint[]> {
    await this.ready('list checkpoints')
    const { subscriptions } = this.log
    const names = subscription === undefined ? [...subscriptions.keys()].sort() : [subscription]
    const now = this.log.now()
    return names.flatMap((name) => subscriptions.get(name)?.partitions.map((partition) => partition.status(now)) ?? [])
  }

  private async setPaused(name: string, isPaused: boolean): Promise<void> {
    const subscription = await this.known(name)
    subscription.isPaused = isPaused
    this.log.steered(name)
  }

  /** Undefined where there is none. One that is being reset is looked at afterwards. */
  private async settled(name: string): Promise<Subscription | undefined> {
    const { subscriptions } = this.log
    for (let waitedFor: Promise<unknown> | undefined; ; ) {
      const subscription = subscriptions.get(name)
      if (!subscription || subscription.settled === waitedFor) return subscription
      waitedFor = subscription.settled
      await waitedFor
    }
  }

  private async known(name: string): Promise<Subscription> {
    const subscription = await this.settled(name)
    if (!subscription) throw new UnknownSubscriptionError(name)
    return subscription
  }

  private async partition({ subscription, partition }: PartitionName): Promise<Partition | undefined> {
    return (await this.settled(subscription))?.partitions[partition]
  }

  private async leased(lease: Lease): Promise<{ readonly subscription: Subscription; readonly partition: Partition }> {
    const subscription = await this.settled(lease.subscription)
    const partition = subscription?.partitions[lease.partition]
    if (!subscription || !partition) throw new LeaseLostError(lease)
    return { subscription, partition }
  }

  private async renewed(lease: Lease, leaseMilliseconds: number): Promise<boolean> {
    return (await this.partition(lease))?.renew(lease, leaseMilliseconds, this.log.now()) ?? false
  }

  private async move(lease: Lease, position: number, changes: CheckedChanges | undefined): Promise<void> {
    const { subscription, partition } = await this.leased(lease)
    partition.advance(lease, position)
    if (changes) subscription.parking.change(changes, this.log.now())
  }

  /** While the effect runs nobody else writes to the subscription. */
  private async alone(
    name: string,
    effect: Effect = async () => {},
    change: (subscription: Subscription) => void,
  ): Promise<void> {
    const subscription = await this.known(name)
    const done = subscription.settled.then(async () => {
      if (this.log.subscriptions.get(name) !== subscription) throw new UnknownSubscriptionError(name)
      await undoable(effect)
      change(subscription)
    })
    subscription.settled = done.catch(() => {})
    await done
    this.log.steered(name)
  }
}
