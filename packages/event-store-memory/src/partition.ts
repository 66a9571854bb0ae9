import { type Acquisition, type Checkpoint, CheckpointBehindError, type Lease, LeaseLostError } from '@writ/event-store'

/** One partition of a subscription: how far it has come, and who may move it. */
export class Partition {
  private owner: string | undefined
  private epoch = 0
  private leaseUntil = 0
  private queue: Promise<unknown> = Promise.resolve()

  constructor(
    readonly subscription: string,
    readonly partition: number,
    private checkpoint: number,
  ) {}

  acquire(owner: string, leaseMilliseconds: number, now: number): Acquisition {
    if (this.owner !== undefined && this.owner !== owner && this.leaseUntil > now) {
      return { acquired: false, heldBy: this.owner, expiresIn: this.leaseUntil - now }
    }
    if (this.owner !== owner) {
      this.owner = owner
      this.epoch++
      // A fenced owner whose effect hangs may not keep its successor waiting.
      this.queue = Promise.resolve()
    }
    this.leaseUntil = now + leaseMilliseconds
    const { subscription, partition, epoch, checkpoint } = this
    return { acquired: true, lease: { subscription, partition, owner, epoch }, checkpoint }
  }

  renew(lease: Lease, leaseMilliseconds: number, now: number): void {
    this.checkLease(lease)
    this.leaseUntil = now + leaseMilliseconds
  }

  release(lease: Lease): void {
    if (this.isHeldThrough(lease)) this.owner = undefined
  }

  advance(lease: Lease, position: number): void {
    this.checkAdvance(lease, position)
    this.checkpoint = position
  }

  /** The log has lost what came after a position. */
  rewind(position: number): void {
    this.checkpoint = Math.min(this.checkpoint, position)
  }

  /**
   * Nothing rolls back what an effect did to memory of its own, so the fence is checked before it runs; and again after it, as a
   * database would when it commits.
   */
  async advanceWith(lease: Lease, position: number, effect: () => Promise<void>): Promise<void> {
    await this.oneAfterAnother(async () => {
      this.checkAdvance(lease, position)
      await effect()
      this.advance(lease, position)
    })
  }

  status(now: number): Checkpoint {
    const { subscription, partition, checkpoint, epoch } = this
    const isHeld = this.owner !== undefined && this.leaseUntil > now
    const owner = isHeld ? this.owner : undefined
    return { subscription, partition, checkpoint, owner, epoch, leaseExpiresIn: isHeld ? this.leaseUntil - now : undefined }
  }

  private checkAdvance(lease: Lease, position: number): void {
    this.checkLease(lease)
    if (position < this.checkpoint) throw new CheckpointBehindError(this.subscription, this.partition, this.checkpoint, position)
  }

  private checkLease(lease: Lease): void {
    if (!this.isHeldThrough(lease)) throw new LeaseLostError(lease)
  }

  private isHeldThrough({ owner, epoch }: Lease): boolean {
    return this.owner === owner && this.epoch === epoch
  }

  private oneAfterAnother(work: () => Promise<void>): Promise<void> {
    const done = this.queue.then(work)
    this.queue = done.catch(() => {})
    return done
  }
}
