/** Saved state at a version; always safe to delete. */
export interface Snapshot {
  readonly stream: string
  /** The stream's version that the state stands for. */
  readonly version: number
  /** The position of the event with that version. */
  readonly position: number
  /** The version of the state's own shape; one of another version is passed over. */
  readonly schemaVersion: number
  /** The state as JSON text. */
  readonly state: string
}

export interface Snapshots {
  /** The newest snapshot of a stream with this schema version. */
  load(stream: string, schemaVersion: number): Promise<Snapshot | undefined>
  /**
   * Saves it unless one of the same schema version and of the same or a later stream version is there, or the stream is deleted.
   *
   * @returns whether it was saved; of several processes that save at the same time, the newest snapshot stays
   */
  save(snapshot: Snapshot): Promise<boolean>
  delete(stream: string): Promise<void>
}
