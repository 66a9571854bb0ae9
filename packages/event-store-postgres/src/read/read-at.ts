import type { Statement } from '../connections.js'
import type { SchemaName } from '../schema/schema-name.js'

/**
 * Gives the events at some positions, in the order in which they are named, joined by commas. It takes the position up to which everything
 * is known to be flushed, as `headStatement` does.
 */
export function readAtStatement({ quoted, statementPrefix }: SchemaName): Statement {
  return { name: `${statementPrefix}read_at`, text: `select * from ${quoted}.read_at(string_to_array($1, ',')::bigint[], $2)` }
}
