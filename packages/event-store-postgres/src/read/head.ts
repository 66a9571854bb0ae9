import type { Statement } from '../connections.js'
import type { SchemaName } from '../schema/schema-name.js'

/**
 * Gives the last position and the incarnation. It takes the position up to which everything is known to be flushed, and makes sure of the
 * flush of what lies beyond; null for whoever does not care.
 */
export function headStatement({ quoted, statementPrefix }: SchemaName): Statement {
  return { name: `${statementPrefix}head`, text: `select * from ${quoted}.head($1)` }
}
