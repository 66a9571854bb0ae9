import type { AppendsTogether, Row } from '@writ/event-store'

/** What of a state is kept in a row: its fields, not its methods. */
export type FieldsOf<State> = {
  readonly [K in keyof State as State[K] extends (...input: never[]) => unknown ? never : K]: State[K]
}

/** A state as its row has it. */
export interface StoredRow<State> {
  readonly state: FieldsOf<State>
  /** The version of the aggregate's stream that the state stands for; 0 for a row that is older than its first event. */
  readonly version: number
}

/**
 * Where the states of a state-stored aggregate are kept: a row each, in a table of the user's own. All of it happens in the transaction
 * that appends the events.
 *
 * {@link rowsOf} makes one for a plain table, on every store; functions of one's own can spread a state over several tables.
 *
 * @typeParam Transaction what work in a transaction of the store gets: `SqlTransaction` on PostgreSQL
 */
export interface StoredState<State, Transaction extends object = object> {
  /** The row, locked until the transaction ends: `select … for update`. Undefined where there is none. */
  load(transaction: Transaction, identity: string): Promise<StoredRow<State> | undefined>
  /** The row as it is now, without a lock. */
  read(transaction: Transaction, identity: string): Promise<StoredRow<State> | undefined>
  /**
   * Adds the row. It must not replace one: a key that is unique sees to that. Where there is one by now, the command is decided again.
   *
   * @returns false where there was one and nothing was changed; throwing is as good
   */
  insert(transaction: Transaction, identity: string, row: StoredRow<State>): Promise<unknown>
  /** Changes the row that `load` has locked. */
  update(transaction: Transaction, identity: string, row: StoredRow<State>): Promise<unknown>
}

export interface RowsOptions {
  /** With its schema, where it has one: `bank.accounts`. */
  readonly table: string
  /** The column with the identity: text, and unique. */
  readonly key: string
  /** The column with the version: an integer, 0 for rows that are older than their events. `version` by default. */
  readonly version?: string
}

/** Of a table whose columns are not the fields of the state. */
export interface MappedRowsOptions<State> extends RowsOptions {
  readonly fromRow: (row: Row) => State
  readonly toRow: (state: NoInfer<State>) => Row
}

/**
 * Keeps states in a table, a row each: on PostgreSQL in yours, in memory in one that is made as it is needed. Each field is the column of
 * its name, unless functions say otherwise.
 *
 * @example storedIn: rowsOf({ table: 'accounts', key: 'account' }) // create table accounts (account text primary key, version integer not null, balance integer not null)
 */
export function rowsOf<State extends object>(options: MappedRowsOptions<State>): StoredState<State, AppendsTogether>
export function rowsOf(options: RowsOptions): StoredState<never, AppendsTogether>
export function rowsOf<State extends object>(options: RowsOptions): StoredState<State, AppendsTogether>
export function rowsOf<State extends object>({
  table: name,
  key,
  version = 'version',
  fromRow = (row) => row as State,
  toRow = (state) => state as Row,
}: RowsOptions & Partial<MappedRowsOptions<State>>): StoredState<State, AppendsTogether> {
  const table = { name, key }
  const stored = (row: Row | undefined) =>
    row && { state: fromRow(row) as unknown as FieldsOf<State>, version: Number(row[version]) }
  const columns = (row: StoredRow<State>) => ({ ...toRow(row.state as unknown as State), [version]: row.version })
  return {
    load: async ({ rows }, identity) => stored(await rows(table).lock(identity)),
    read: async ({ rows }, identity) => stored(await rows(table).find(identity)),
    insert: ({ rows }, identity, row) => rows(table).insert(identity, columns(row)),
    update: ({ rows }, identity, row) => rows(table).update(identity, columns(row)),
  }
}

/** A row → what a state of this kind is made of: columns that are none of its fields are left out. */
export function fieldsLike<Fields extends object>(first: Fields, found: object): Fields {
  const fields: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(first)) {
    const column = (found as Row)[name]
    // A database knows no undefined.
    fields[name] = column === null && value === undefined ? undefined : column
  }
  return fields as Fields
}
