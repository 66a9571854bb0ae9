import type { Checkpoint } from '@writ/event-store'

/** Milliseconds: whoever has come to where the log ended so long ago is caught up. A projection's checkpoint is stored at least once a second. */
const NEAR = 1_500
/** Milliseconds: whoever was caught up so long ago is still being followed, if slowly. */
const FOLLOWED = 60_000
/** Milliseconds over which a rate is taken. */
const WINDOW = 10_000

interface Sample {
  readonly at: number
  readonly position: number
}

/** How far subscriptions have come along a log that grows, and how fast. */
export class Progress {
  head = 0
  private readonly heads: Sample[] = []
  private readonly samples = new Map<string, Sample[]>()
  /** When each was seen to have caught up, last: monotonic milliseconds. */
  private readonly caughtUpAt = new Map<string, number>()
  private lookedAt = 0

  /** @param at monotonic milliseconds */
  note(at: number, head: number, rows: readonly Checkpoint[]): void {
    this.lookedAt = at
    this.head = head
    this.heads.push({ at, position: head })
    while (this.heads.length > 1 && this.heads[1]!.at <= at - NEAR) this.heads.shift()
    const positions = new Map<string, number>()
    for (const { subscription, checkpoint } of rows) {
      positions.set(subscription, Math.min(positions.get(subscription) ?? checkpoint, checkpoint))
    }
    for (const name of this.samples.keys()) if (!positions.has(name)) this.forget(name)
    for (const [name, position] of positions) {
      const samples = this.samples.get(name) ?? []
      samples.push({ at, position })
      while (samples.length > 2 && samples[1]!.at <= at - WINDOW) samples.shift()
      this.samples.set(name, samples)
      if (this.isCaughtUp(name)) this.caughtUpAt.set(name, at)
    }
  }

  /** Those that the store knows. */
  get names(): Iterable<string> {
    return this.samples.keys()
  }

  /** Undefined for one that the store does not know. Of several partitions the last one counts. */
  positionOf(name: string): number | undefined {
    return this.samples.get(name)?.at(-1)?.position
  }

  isCaughtUp(name: string): boolean {
    const position = this.positionOf(name)
    return position !== undefined && position >= this.recentHead
  }

  /** Whether it has caught up at some time since this process looks: it was built, however busy the log is now. */
  hasCaughtUp(name: string): boolean {
    return this.caughtUpAt.has(name)
  }

  /** Whether somebody follows the log with it: it was caught up not long ago. */
  isFollowed(name: string): boolean {
    return this.lookedAt - (this.caughtUpAt.get(name) ?? Number.NEGATIVE_INFINITY) <= FOLLOWED
  }

  /** Positions a second; undefined as long as that is not known. */
  rateOf(name: string): number | undefined {
    const samples = this.samples.get(name) ?? []
    const [first, last] = [samples[0], samples.at(-1)]
    if (!first || !last || last.at === first.at) return undefined
    return ((last.position - first.position) * 1_000) / (last.at - first.at)
  }

  /** Where the log ended a moment before the last look; between two looks that are further apart, as if it had grown evenly. */
  private get recentHead(): number {
    const [first, second] = this.heads
    if (!first || !second) return first?.position ?? 0
    const part = Math.max(0, this.lookedAt - NEAR - first.at) / (second.at - first.at)
    return first.position + part * (second.position - first.position)
  }

  private forget(name: string): void {
    this.samples.delete(name)
    this.caughtUpAt.delete(name)
  }
}
