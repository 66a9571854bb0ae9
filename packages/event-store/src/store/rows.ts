/** A table of the user's own whose rows are found by one column. */
export interface Table {
  /** With its schema, where it has one: `bank.accounts`. */
  readonly name: string
  /** The column that tells rows apart: text, and unique. */
  readonly key: string
}

/** A row's columns; the key need not be among them. */
export type Row = Readonly<Record<string, unknown>>

/**
 * The rows of one table, as a transaction of the store sees and changes them: enough for states that are kept in rows, on every store.
 * For more than that an adapter has a handle of its own, such as `sql`.
 */
export interface Rows {
  /**
   * The row with this key, locked: until the transaction ends, whoever else locks it waits.
   *
   * @returns undefined where there is none; then nothing is locked
   */
  lock(key: string): Promise<Row | undefined>
  /** The row with this key as it is now, whoever holds its lock. */
  find(key: string): Promise<Row | undefined>
  /**
   * Waits for a transaction that has inserted the same key.
   *
   * @returns false where there is such a row; then nothing was changed
   */
  insert(key: string, row: Row): Promise<boolean>
  /**
   * Changes these columns.
   *
   * @returns false where there is no such row
   */
  update(key: string, row: Row): Promise<boolean>
}
