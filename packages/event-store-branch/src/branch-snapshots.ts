import type { Snapshot, Snapshots } from '@writ/event-store'
import type { Past } from './past.js'

/** The base's snapshots as they may be used, and the branch's own. */
export class BranchSnapshots implements Snapshots {
  /** Streams whose snapshots the branch has deleted: the base's are left alone, and not looked at any more. */
  private readonly deleted = new Set<string>()

  constructor(
    private readonly own: Snapshots,
    private readonly past: () => Past,
  ) {}

  async load(stream: string, schemaVersion: number): Promise<Snapshot | undefined> {
    const own = await this.own.load(stream, schemaVersion)
    const past = await this.before(stream, schemaVersion)
    return past && (!own || past.version > own.version) ? past : own
  }

  async save(snapshot: Snapshot): Promise<boolean> {
    const past = await this.before(snapshot.stream, snapshot.schemaVersion)
    return past && past.version >= snapshot.version ? false : this.own.save(snapshot)
  }

  async delete(stream: string): Promise<void> {
    this.deleted.add(stream)
    await this.own.delete(stream)
  }

  private before(stream: string, schemaVersion: number): Promise<Snapshot | undefined> {
    return this.deleted.has(stream) ? Promise.resolve(undefined) : this.past().snapshot(stream, schemaVersion)
  }
}
