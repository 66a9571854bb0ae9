/** What a command with a given id came to, as it is handed to the store: together with the command's events. */
export interface NewReceipt {
  /** The id that the command's sender gave: 1 to 300 printable characters. */
  readonly commandId: string
  /** How many of the append's events come before the end of this command's own: several commands may share one append. */
  readonly eventsUpTo: number
  /** Outcome, declared result and fingerprint as JSON text; the store keeps it as it is. */
  readonly body: string
}

/** What a command with a given id came to; answers every repetition. */
export interface Receipt {
  readonly commandId: string
  readonly stream: string
  /** The stream's version after the command. */
  readonly version: number
  /** The position of the command's last event; of a command without events, that of the stream's last one. */
  readonly position: number
  readonly body: string
  /** By the store's clock. */
  readonly createdAt: Date
}

/**
 * A moment of the past, to find only what was there then. The log alone does not tell it: commands that decide nothing leave receipts while
 * the log stays as it is.
 */
export interface ReceiptsAsOf {
  /** How far the log had come: a command with events was there from its last one on. */
  readonly position: number
  /** As `moment` told it: of commands without events that came while the log ended at this very position, those up to then. */
  readonly moment: number
}

export interface Receipts {
  /**
   * @param asOf a moment; now by default
   * @throws InvalidOptionError
   */
  find(commandId: string, asOf?: ReceiptsAsOf): Promise<Receipt | undefined>
  /** The store's own measure of now, a whole number: no receipt that is there came later, and those to come do. */
  moment(): Promise<number>
  /** Deletes receipts older than so many milliseconds, by the store's clock, and returns how many. */
  deleteOlderThan(milliseconds: number): Promise<number>
}
