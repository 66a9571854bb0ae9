import {
  checkName,
  checkSwap,
  type LiveVersion,
  type LiveVersions,
  ProjectionVersionConflictError,
  type ProjectionVersions,
  type VersionChange,
} from '@writ/event-store'
import type { InMemoryLog } from './in-memory-log.js'
import { InMemoryTransaction, undoable } from './in-memory-transaction.js'
import type { Ready } from './ready.js'

export class InMemoryProjections implements ProjectionVersions<InMemoryTransaction> {
  constructor(
    private readonly log: InMemoryLog,
    private readonly ready: Ready,
  ) {}

  async live(name: string): Promise<LiveVersion | undefined> {
    await this.ready('look up a projection')
    checkName('projections.live', 'name', name)
    return this.log.liveVersions.get(name)
  }

  /** Nothing rolls back what an effect did to memory of its own, so what is live is checked before it runs, and again after it. */
  async swap(
    name: string,
    change: VersionChange,
    effect: (transaction: InMemoryTransaction) => Promise<void> = async () => {},
  ): Promise<void> {
    await this.ready('swap a projection')
    checkSwap(name, change)
    this.refuseUnlessLive(name, change)
    await undoable(async (transaction) => {
      await effect(transaction)
      this.refuseUnlessLive(name, change)
      this.log.liveVersions.set(name, { version: change.to, previous: change.from, since: this.log.date() })
    })
  }

  async read<T>(work: (transaction: InMemoryTransaction & LiveVersions) => Promise<T>): Promise<T> {
    await this.ready('read projections')
    const live = new Map(this.log.liveVersions)
    const liveVersion = async (name: string) => live.get(name)?.version
    const checkpoints = new Map(
      [...this.log.subscriptions].map(([name, { partitions }]) => [name, partitions.map(({ checkpoint }) => checkpoint)]),
    )
    const checkpointsOf = async (subscription: string) => checkpoints.get(subscription) ?? []
    return work(Object.assign(new InMemoryTransaction(), { liveVersion, checkpointsOf }))
  }

  private refuseUnlessLive(name: string, change: VersionChange): void {
    const live = this.log.liveVersions.get(name)?.version
    if (live !== change.from) throw new ProjectionVersionConflictError(name, change, live)
  }
}
