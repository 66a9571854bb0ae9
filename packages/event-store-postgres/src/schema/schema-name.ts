import { createHash } from 'node:crypto'
import { PostgresOptionError } from '../errors.js'

const MAX_BYTES = 63
// Two `$` would end the bodies of functions that name the schema.
const allowed = /^(?!.*\$\$)[A-Za-z_][A-Za-z0-9_$-]*$/

/** A schema that was checked, with the names that are derived from it. */
export interface SchemaName {
  readonly name: string
  /** Quoted for SQL. */
  readonly quoted: string
  /** The NOTIFY channel on which processes tell each other. */
  readonly channel: string
  /** Before the name of each prepared statement: two stores may share the connections of one pool. */
  readonly statementPrefix: string
}

/**
 * @throws PostgresOptionError for a name that is not 1 to 63 letters, digits, `_`, `$` and `-`, beginning with a letter or `_`, or
 *   has `$$`, or is PostgreSQL's own: a longer one would be cut, and meet another of the same beginning
 */
export function schemaName(name: unknown): SchemaName {
  if (typeof name !== 'string' || !allowed.test(name) || name.length > MAX_BYTES) {
    throw new PostgresOptionError(
      'schema',
      `must be 1 to ${MAX_BYTES} letters, digits, '_', '$' or '-', beginning with a letter or '_' and without '$$'`,
    )
  }
  if (name.startsWith('pg_') || name === 'information_schema') {
    throw new PostgresOptionError('schema', `must not be one of PostgreSQL's own, such as '${name}'`)
  }
  const digest = createHash('sha256').update(name).digest('hex')
  const channel = `writ:${name}`
  return {
    name,
    quoted: quoteIdentifier(name),
    channel: channel.length <= MAX_BYTES ? channel : `writ:${digest.slice(0, 50)}`,
    statementPrefix: `writ_${digest.slice(0, 10)}_`,
  }
}

/** Any name → a quoted SQL identifier. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
