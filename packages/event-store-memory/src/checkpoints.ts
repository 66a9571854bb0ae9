import {
  type Acquisition,
  type Checkpoint,
  type Checkpoints,
  checkAcquisition,
  checkMilliseconds,
  checkNewSubscription,
  checkPosition,
  type Lease,
  LeaseLostError,
  type NewSubscription,
  type PartitionName,
  UnknownSubscriptionError,
} from '@writ/event-store'
import type { InMemoryLog } from './in-memory-log.js'
import { InMemoryTransaction } from './in-memory-transaction.js'
import { Partition } from './partition.js'
import type { Ready } from './ready.js'

export class InMemoryCheckpoints implements Checkpoints<InMemoryTransaction> {
  constructor(
    private readonly log: InMemoryLog,
    private readonly ready: Ready,
  ) {}

  async register(subscription: NewSubscription): Promise<void> {
    const { name, startAfter, partitions = 1 } = subscription
    await this.ready('register a subscription')
    checkNewSubscription(subscription)
    if (this.log.subscriptions.has(name)) return
    this.log.subscriptions.set(
      name,
      Array.from({ length: partitions }, (_, index) => new Partition(name, index, startAfter)),
    )
  }

  async acquire(name: PartitionName, owner: string, leaseMilliseconds: number): Promise<Acquisition> {
    await this.ready('acquire a lease')
    checkAcquisition(name, owner, leaseMilliseconds)
    const partition = this.partition(name)
    if (!partition) throw new UnknownSubscriptionError(name.subscription, name.partition)
    return partition.acquire(owner, leaseMilliseconds, this.log.now())
  }

  async renew(lease: Lease, leaseMilliseconds: number): Promise<void> {
    await this.ready('renew a lease')
    checkMilliseconds('checkpoints.renew', 'leaseMilliseconds', leaseMilliseconds)
    this.leased(lease).renew(lease, leaseMilliseconds, this.log.now())
  }

  async release(lease: Lease): Promise<void> {
    await this.ready('release a lease')
    this.partition(lease)?.release(lease)
  }

  async advance(lease: Lease, position: number): Promise<void> {
    await this.ready('advance a checkpoint')
    checkPosition('checkpoints.advance', 'position', position)
    this.leased(lease).advance(lease, position)
  }

  async advanceWith(lease: Lease, position: number, effect: (transaction: InMemoryTransaction) => Promise<void>): Promise<void> {
    await this.ready('advance a checkpoint')
    checkPosition('checkpoints.advance', 'position', position)
    await this.leased(lease).advanceWith(lease, position, () => effect(new InMemoryTransaction()))
  }

  async list(subscription?: string): Promise<readonly Checkpoint[]> {
    await this.ready('list checkpoints')
    const { subscriptions } = this.log
    const names = subscription === undefined ? [...subscriptions.keys()].sort() : [subscription]
    const now = this.log.now()
    return names.flatMap((name) => (subscriptions.get(name) ?? []).map((partition) => partition.status(now)))
  }

  private partition({ subscription, partition }: PartitionName): Partition | undefined {
    return this.log.subscriptions.get(subscription)?.[partition]
  }

  private leased(lease: Lease): Partition {
    const partition = this.partition(lease)
    if (!partition) throw new LeaseLostError(lease)
    return partition
  }
}
