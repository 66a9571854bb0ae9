import { type Acquisition, MOST_COUNTED, type PartitionChange, type SubscriptionView } from '@writ/event-store'
import { Parking } from './parking.js'
import { Partition } from './partition.js'

/** What the store keeps of a subscription. */
export class Subscription {
  readonly parking: Parking
  isPaused = false
  partitions: readonly Partition[]
  /** While it is reset or deleted, whoever wants to write waits. */
  settled: Promise<unknown> = Promise.resolve()
  private wanted: number | undefined
  private barrier: number | undefined
  private readonly members = new Map<string, number>()

  constructor(
    readonly name: string,
    startAfter: number,
    partitions: number,
    epoch: number,
  ) {
    this.parking = new Parking(name)
    this.partitions = this.partitionsAt(startAfter, partitions, epoch)
  }

  /** @returns whether another number was wished for before */
  wish(partitions: number): boolean {
    const before = this.wanted ?? this.partitions.length
    const isAsItIs = partitions === this.partitions.length && this.barrier === undefined
    this.wanted = isAsItIs ? undefined : partitions
    return partitions !== before
  }

  acquire(partition: number, owner: string, leaseMilliseconds: number, now: number): Acquisition {
    this.takeStepsDue(now)
    const { barrier } = this
    if (this.isPaused) return { acquired: false, why: 'paused' }
    const wanted = this.partitions[partition]
    if (this.wanted !== undefined) {
      const isDone = barrier === undefined || wanted === undefined || wanted.checkpoint >= barrier
      if (isDone) return { acquired: false, why: 'repartitioning' }
    }
    if (!wanted) return { acquired: false, why: 'no-such-partition' }
    const holder = wanted.holder(now)
    if (holder && holder.owner !== owner)
      return { acquired: false, why: 'held', heldBy: holder.owner, expiresIn: holder.expiresIn }
    const lease = wanted.take(owner, leaseMilliseconds, now)
    return { acquired: true, lease, checkpoint: wanted.checkpoint, partitions: this.partitions.length, upTo: barrier }
  }

  join(owner: string, until: number, now: number): void {
    for (const [member, end] of this.members) if (end <= now) this.members.delete(member)
    // Whoever is there already keeps its place.
    this.members.set(owner, until)
  }

  endPart(owner: string): void {
    this.members.delete(owner)
  }

  leave(owner: string): void {
    this.endPart(owner)
    for (const partition of this.partitions) partition.free(owner)
  }

  view(now: number): SubscriptionView {
    const { name, partitions, members, isPaused, wanted, barrier, parking } = this
    const change: PartitionChange | undefined = wanted === undefined ? undefined : { to: wanted, upTo: barrier }
    return {
      name,
      partitions: partitions.length,
      members: [...members].filter(([, until]) => until > now).map(([owner]) => owner),
      isPaused,
      change,
      checkpoints: partitions.map((partition) => partition.status(now)),
      parked: Math.min(parking.count, MOST_COUNTED),
    }
  }

  /** The steps of a change of the number of partitions that nothing stands in the way of. */
  takeStepsDue(now: number): void {
    if (this.wanted === undefined || this.partitions.some((partition) => partition.holder(now))) return
    const barrier = this.barrier ?? Math.max(...this.partitions.map(({ checkpoint }) => checkpoint))
    if (this.partitions.every(({ checkpoint }) => checkpoint === barrier)) this.replace(barrier)
    else this.stopAt(barrier)
  }

  /** New partitions, as many as were wished for, which all begin at a position. */
  replace(position: number): void {
    this.partitions = this.partitionsAt(position, this.wanted ?? this.partitions.length, this.lastEpoch + 1)
    this.wanted = undefined
    this.barrier = undefined
  }

  get lastEpoch(): number {
    return Math.max(...this.partitions.map(({ epoch }) => epoch))
  }

  rewind(position: number): void {
    for (const partition of this.partitions) partition.rewind(position)
    if (this.barrier !== undefined) this.barrier = Math.min(this.barrier, position)
    this.parking.rewind(position)
  }

  private stopAt(barrier: number): void {
    this.barrier = barrier
    for (const partition of this.partitions) {
      // One whose time is up could still move its checkpoint.
      partition.free()
      partition.upTo = barrier
    }
  }

  private partitionsAt(position: number, count: number, epoch: number): readonly Partition[] {
    return Array.from({ length: count }, (_, index) => new Partition(this.name, index, position, epoch))
  }
}
