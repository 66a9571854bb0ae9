import { checkSnapshot, type Snapshot, type Snapshots } from '@writ/event-store'
import type { InMemoryLog } from './in-memory-log.js'
import type { Ready } from './ready.js'

export class InMemorySnapshots implements Snapshots {
  constructor(
    private readonly log: InMemoryLog,
    private readonly ready: Ready,
  ) {}

  async load(stream: string, schemaVersion: number): Promise<Snapshot | undefined> {
    await this.ready('load a snapshot')
    return this.log.snapshots.get(stream)?.get(schemaVersion)
  }

  async save(snapshot: Snapshot): Promise<boolean> {
    await this.ready('save a snapshot')
    checkSnapshot(snapshot)
    if (this.log.tombstones.has(snapshot.stream)) return false
    const saved = this.log.snapshots.get(snapshot.stream) ?? new Map<number, Snapshot>()
    this.log.snapshots.set(snapshot.stream, saved)
    const there = saved.get(snapshot.schemaVersion)
    if (there && there.version >= snapshot.version) return false
    saved.set(snapshot.schemaVersion, Object.freeze({ ...snapshot }))
    return true
  }

  async delete(stream: string): Promise<void> {
    await this.ready('delete snapshots')
    this.log.snapshots.delete(stream)
  }
}
