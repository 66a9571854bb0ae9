import { type Checkpoint, CheckpointBehindError, type Lease, LeaseLostError } from '@writ/event-store'

/** One partition of a subscription: how far it has come, and who may move it. */
export class Partition {
  /** No further than here; undefined where there is no barrier. */
  upTo: number | undefined
  private owner: string | undefined
  private leaseUntil = 0
  private queue: Promise<unknown> = Promise.resolve()

  constructor(
    readonly subscription: string,
    readonly partition: number,
    public checkpoint: number,
    public epoch: number,
  ) {}

  /** Who holds it, and for how many milliseconds. */
  holder(now: number): { readonly owner: string; readonly expiresIn: number } | undefined {
    if (this.owner === undefined || this.leaseUntil <= now) return undefined
    return { owner: this.owner, expiresIn: this.leaseUntil - now }
  }

  /** Gives it to an owner, whoever had it. */
  take(owner: string, leaseMilliseconds: number, now: number): Lease {
    if (this.owner !== owner) {
      this.owner = owner
      this.epoch++
      // A fenced owner whose effect hangs may not keep its successor waiting.
      this.queue = Promise.resolve()
    }
    this.leaseUntil = now + leaseMilliseconds
    const { subscription, partition, epoch } = this
    return { subscription, partition, owner, epoch }
  }

  renew(lease: Lease, leaseMilliseconds: number, now: number): boolean {
    if (!this.isHeldThrough(lease)) return false
    this.leaseUntil = now + leaseMilliseconds
    return true
  }

  release(lease: Lease): void {
    if (this.isHeldThrough(lease)) this.free()
  }

  /** Takes it away from whoever has it. */
  free(owner = this.owner): void {
    if (this.owner === owner) this.owner = undefined
  }

  checkAdvance(lease: Lease, position: number): void {
    if (!this.isHeldThrough(lease) || position > (this.upTo ?? position)) throw new LeaseLostError(lease)
    if (position < this.checkpoint) throw new CheckpointBehindError(this.subscription, this.partition, this.checkpoint, position)
  }

  advance(lease: Lease, position: number): void {
    this.checkAdvance(lease, position)
    this.checkpoint = position
  }

  /** The log has lost what came after a position. */
  rewind(position: number): void {
    this.checkpoint = Math.min(this.checkpoint, position)
    if (this.upTo !== undefined) this.upTo = Math.min(this.upTo, position)
  }

  status(now: number): Checkpoint {
    const { subscription, partition, checkpoint, epoch } = this
    const holder = this.holder(now)
    return { subscription, partition, checkpoint, owner: holder?.owner, epoch, leaseExpiresIn: holder?.expiresIn }
  }

  oneAfterAnother(work: () => Promise<void>): Promise<void> {
    const done = this.queue.then(work)
    this.queue = done.catch(() => {})
    return done
  }

  private isHeldThrough({ owner, epoch }: Lease): boolean {
    return this.owner === owner && this.epoch === epoch
  }
}
