import type { Statement } from '../connections.js'
import type { SchemaName } from '../schema/schema-name.js'

/** Gives the last position and the incarnation. */
export function headStatement({ quoted, statementPrefix }: SchemaName): Statement {
  return { name: `${statementPrefix}head`, text: `select * from ${quoted}.head()` }
}
