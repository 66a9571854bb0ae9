import type { Checkpoint, Checkpoints, Logger, Runtime } from '@writ/event-store'
import { describeError } from '../infrastructure-error.js'
import { Wakeup } from '../wakeup.js'

/** Someone who wants to see the store's checkpoints from time to time. */
export interface Watcher {
  /** Milliseconds that may pass until it sees them again. */
  every(): number
  /** The rows of each subscription, one a partition. */
  seeRows(rows: ReadonlyMap<string, readonly Checkpoint[]>): void
}

/** Looks at the checkpoints of other processes: one look serves all who wait, and nobody waiting costs nothing. */
export class CheckpointWatch {
  private readonly watchers = new Set<Watcher>()
  private readonly someone = new Wakeup()
  private readonly ending = new AbortController()
  private nap = new AbortController()
  private looking: Promise<void> = Promise.resolve()

  constructor(
    private readonly checkpoints: Checkpoints,
    private readonly runtime: Runtime,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.looking = this.look()
  }

  async stop(): Promise<void> {
    this.ending.abort()
    this.nap.abort()
    this.someone.wake()
    await this.looking
  }

  /** The first look comes at once. */
  add(watcher: Watcher): void {
    this.watchers.add(watcher)
    this.someone.wake()
    this.nap.abort()
  }

  remove(watcher: Watcher): void {
    this.watchers.delete(watcher)
  }

  private async look(): Promise<void> {
    while (!this.ending.signal.aborted) {
      if (this.watchers.size === 0) {
        await this.someone.wait()
        continue
      }
      this.nap = new AbortController()
      const rows = await this.rows()
      if (rows) for (const watcher of [...this.watchers]) watcher.seeRows(rows)
      await this.sleep(rows === undefined)
    }
  }

  private async sleep(hasFailed: boolean): Promise<void> {
    const soonest = Math.min(1_000, ...[...this.watchers].map((watcher) => watcher.every()))
    // Spread, so that many processes don't look at once; and no faster than this while the store is away.
    const pause = Math.max(soonest, hasFailed ? 100 : 0) * (0.75 + this.runtime.random() / 2)
    if (this.watchers.size > 0 && !this.ending.signal.aborted) await this.runtime.sleep(pause, this.nap.signal)
  }

  private async rows(): Promise<ReadonlyMap<string, readonly Checkpoint[]> | undefined> {
    try {
      const rows = await this.checkpoints.list()
      const bySubscription = new Map<string, Checkpoint[]>()
      for (const row of rows) {
        const known = bySubscription.get(row.subscription)
        if (known) known.push(row)
        else bySubscription.set(row.subscription, [row])
      }
      return bySubscription
    } catch (error) {
      this.logger.debug({ error: describeError(error) }, 'the checkpoints could not be listed')
      return undefined
    }
  }
}
