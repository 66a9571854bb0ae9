import { TransactionEndedError } from '@writ/event-store'
import type pg from 'pg'
import type { RunsOn } from './connections.js'
import { InvalidSqlError } from './errors.js'
import { quoteIdentifier } from './schema/schema-name.js'

/** What work in a transaction of the store gets, such as an effect in a checkpoint's own. It ends with the work. */
export interface SqlTransaction {
  /** Runs a statement in the transaction: every `${value}` becomes a parameter, never text. */
  readonly sql: Sql
  /** The connection itself, for libraries that want one. It must not be kept, and must not end the transaction. */
  readonly client: pg.ClientBase
}

/**
 * @example const [account] = await sql<{ balance: string }>`select balance from balances where account = ${id}`
 * @example await sql`delete from ${sql.identifier(table)}`
 */
export interface Sql {
  <Row extends object = Record<string, unknown>>(text: TemplateStringsArray, ...values: readonly unknown[]): Promise<Row[]>
  /** A name as part of a statement: quoted. */
  identifier(...path: readonly string[]): SqlIdentifier
}

export class SqlIdentifier {
  readonly quoted: string

  constructor(path: readonly string[]) {
    if (path.length === 0) throw new InvalidSqlError('an identifier has no name')
    for (const name of path) {
      const isName = typeof name === 'string' && name !== '' && !name.includes('\u0000')
      // PostgreSQL would cut a longer one, and meet another of the same beginning.
      if (!isName || Buffer.byteLength(name) > 63)
        throw new InvalidSqlError(`'${String(name)}' is no identifier of 1 to 63 bytes`)
    }
    this.quoted = path.map(quoteIdentifier).join('.')
  }
}

/** A transaction's `sql`, and what ends it. */
export function transactionSql(connections: RunsOn, client: pg.ClientBase): { sql: Sql; end: () => void } {
  let hasEnded = false
  const run = async (strings: TemplateStringsArray, ...values: readonly unknown[]) => {
    if (hasEnded) throw new TransactionEndedError('sql')
    const { name, ...statement } = statementOf(strings, values)
    return (
      await connections.watched(client, () => client.query(name && connections.prepares ? { name, ...statement } : statement))
    ).rows
  }
  const identifier = (...path: readonly string[]) => new SqlIdentifier(path)
  return {
    sql: Object.assign(run as Sql, { identifier }),
    end: () => {
      hasEnded = true
    },
  }
}

interface Prepared {
  readonly name: string
  readonly text: string
}

const prepared = new WeakMap<TemplateStringsArray, Prepared>()
let lastName = 0

/** One place in the code is one prepared statement a connection; one with identifiers in it has many texts and is not prepared. */
function statementOf(
  strings: TemplateStringsArray,
  values: readonly unknown[],
): { name?: string; text: string; values: unknown[] } {
  if (!Array.isArray(strings) || !Array.isArray(strings.raw)) {
    throw new InvalidSqlError('sql is a template tag: write sql`…`, so that values become parameters')
  }
  if (values.includes(undefined)) throw new InvalidSqlError('a value is undefined; use null where nothing is meant')
  if (values.some((value) => value instanceof SqlIdentifier)) return withIdentifiers(strings, values)
  let statement = prepared.get(strings)
  if (!statement) {
    statement = { name: `writ_sql_${++lastName}`, text: strings.reduce((text, part, index) => `${text}$${index}${part}`) }
    prepared.set(strings, statement)
  }
  return { ...statement, values: [...values] }
}

function withIdentifiers(strings: TemplateStringsArray, values: readonly unknown[]): { text: string; values: unknown[] } {
  const parameters: unknown[] = []
  const text = strings.reduce((before, part, index) => {
    const value = values[index - 1]
    return `${before}${value instanceof SqlIdentifier ? value.quoted : `$${parameters.push(value)}`}${part}`
  })
  return { text, values: parameters }
}
