import { CapabilityMissingError } from '@writ/event-store'
import { forwardingTo } from '../delivery/transaction-contexts.js'

/** What a version of a projection has for naming tables that no other version has. */
export interface OwnTables<Transaction extends object = object> {
  /** The projection's version. */
  readonly version: number
  /**
   * This version's own table: `table('balances')` is `balances_v2` in version 2, in the projection's `schema` where it has one.
   *
   * @throws InvalidSqlError for a name that makes more than 63 bytes with the version
   */
  table(name: string): TableName<Transaction>
  /** The same name without the schema, as an index or a constraint wants it. */
  index(name: string): TableName<Transaction>
}

/** As the adapter's `sql` takes it; `never` where there is no SQL. */
export type TableName<Transaction extends object> = Transaction extends {
  readonly sql: { identifier(...path: readonly string[]): infer Name }
}
  ? Name
  : never

/** What a version of a projection gets in a transaction, besides events: the store's handle, and names for its tables. */
export type ReadModelContext<Transaction extends object = object> = Transaction & OwnTables<Transaction>

export interface NamesTables {
  readonly version: number
  readonly schema?: string
}

/** A transaction, and the names of a version's tables. */
export function withOwnTables<Transaction extends object>(
  transaction: Transaction,
  { version, schema }: NamesTables,
): ReadModelContext<Transaction> {
  const identifier = (...path: string[]) => {
    const { sql } = transaction as { readonly sql?: { readonly identifier?: (...path: string[]) => unknown } }
    if (typeof sql?.identifier !== 'function') {
      throw new CapabilityMissingError('the store', 'SQL tables', 'In memory, a version keeps its rows in fields of its own.')
    }
    return sql.identifier(...path)
  }
  const own = (name: string) => `${name}_v${version}`
  return Object.create(forwardingTo(transaction), {
    version: { value: version },
    table: { value: (name: string) => identifier(...(schema === undefined ? [] : [schema]), own(name)) },
    index: { value: (name: string) => identifier(own(name)) },
  })
}
