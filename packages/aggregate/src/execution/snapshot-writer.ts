import { hasCode, type Snapshot } from '@writ/event-store'
import type { SnapshotPolicy } from '../definition/decider.js'
import type { ConfirmedState } from '../state/confirmed-state.js'
import type { Surroundings } from './surroundings.js'

/** Saves snapshots of one stream's confirmed state, one at a time, while nobody waits for it. */
export class SnapshotWriter {
  /** The version of the newest snapshot. */
  lastVersion = 0
  private isSaving = false
  private isImpossible = false

  constructor(
    private readonly stream: string,
    private readonly policy: SnapshotPolicy,
    private readonly surroundings: Surroundings,
  ) {}

  /** Saves a snapshot when enough events have come since the last one. */
  consider(confirmed: ConfirmedState): void {
    if (confirmed.version - this.lastVersion < this.policy.every || this.isSaving || this.isImpossible) return
    this.isSaving = true
    this.surroundings.inBackground(this.save(confirmed))
  }

  private async save(confirmed: ConfirmedState): Promise<void> {
    // Replies are on their way by the next microtask.
    await undefined
    try {
      const snapshot = this.snapshotOf(confirmed)
      await this.surroundings.store.snapshots.save(snapshot)
      this.lastVersion = snapshot.version
    } catch (error) {
      this.isImpossible = hasCode(error, 'value-not-storable')
      // Tried again after as many events.
      this.lastVersion = confirmed.version
      this.surroundings.logger.warn({ stream: this.stream, error }, 'A snapshot could not be saved; commands go on without it')
    } finally {
      this.isSaving = false
    }
  }

  private snapshotOf(confirmed: ConfirmedState): Snapshot {
    const { version, toJson } = this.policy
    return {
      stream: this.stream,
      version: confirmed.version,
      position: confirmed.position,
      schemaVersion: version,
      state: JSON.stringify(toJson(confirmed.state)),
    }
  }
}
