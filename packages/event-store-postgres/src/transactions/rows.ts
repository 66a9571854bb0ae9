import { type Row, type Rows, type Table, TransactionEndedError } from '@writ/event-store'
import pg from 'pg'
import type { RunsOn } from '../connections.js'
import { UnsuitableTableError } from '../errors.js'
import { failureOf } from '../postgres-failure.js'
import { SqlIdentifier } from '../sql.js'

const BIGINT = 20

/** By SQLSTATE, what to do about a table that is not as it should be. */
const help: Readonly<Record<string, string>> = {
  '42P01': 'create it in a migration, or give its schema: schema.table',
  '3F000': 'create the schema in a migration',
  '42703': 'each field is the column of its name, and there must be the key and, for an aggregate, `version bigint not null`',
  '42P10': 'make the key the primary key, or unique',
  '42501': 'grant select, insert and update on it to the role of the service',
}

/** Whole numbers come as numbers as long as they are exact; everything else as the driver gives it. */
const types = {
  getTypeParser: ((oid: number, format?: 'text') =>
    oid === BIGINT ? wholeNumber : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
}

/** Rows of the user's tables on a transaction's connection. */
export class TransactionRows {
  private hasEnded = false

  constructor(
    private readonly connections: RunsOn,
    private readonly client: pg.ClientBase,
  ) {}

  of(of: Table): Rows {
    const { name, key } = of
    const table = new SqlIdentifier(name.split('.')).quoted
    const keyColumn = new SqlIdentifier([key]).quoted
    const run = (text: string, values: readonly unknown[]) =>
      this.run(text, values).catch((error: unknown) => {
        throw unsuitable(error, of)
      })
    const select = `select * from ${table} where ${keyColumn} = $1`
    return {
      lock: async (value) => (await run(`${select} for update`, [value])).rows[0],
      find: async (value) => (await run(select, [value])).rows[0],
      insert: async (value, row) => {
        const columns = columnsOf(row, key)
        const names = [keyColumn, ...columns.map(({ quoted }) => quoted)].join(', ')
        const places = [value, ...columns].map((_, index) => `$${index + 1}`).join(', ')
        const text = `insert into ${table} (${names}) values (${places}) on conflict (${keyColumn}) do nothing`
        return (await run(text, [value, ...columns.map((column) => column.value)])).rowCount === 1
      },
      update: async (value, row) => {
        const columns = columnsOf(row, key)
        if (columns.length === 0) return (await run(select, [value])).rowCount === 1
        const changes = columns.map(({ quoted }, index) => `${quoted} = $${index + 2}`).join(', ')
        const text = `update ${table} set ${changes} where ${keyColumn} = $1`
        return (await run(text, [value, ...columns.map((column) => column.value)])).rowCount === 1
      },
    }
  }

  async part<T>(work: () => Promise<T>): Promise<T> {
    await this.run('savepoint writ_part', [])
    try {
      const result = await work()
      await this.run('release savepoint writ_part', [])
      return result
    } catch (error) {
      await this.run('rollback to savepoint writ_part; release savepoint writ_part')
      throw error
    }
  }

  end(): void {
    this.hasEnded = true
  }

  private run(text: string, values?: readonly unknown[]): Promise<pg.QueryResult<Row>> {
    if (this.hasEnded) throw new TransactionEndedError('rows')
    const statement =
      values === undefined || values.length === 0 ? { text } : { ...this.prepared(text), values: [...values], types }
    return this.connections.watched(this.client, () => this.client.query<Row>(statement))
  }

  private prepared(text: string): { name?: string; text: string } {
    if (!this.connections.prepares) return { text }
    let name = names.get(text)
    if (name === undefined) {
      name = `writ_rows_${names.size + 1}`
      names.set(text, name)
    }
    return { name, text }
  }
}

/** The texts that have been used: a few for each table. */
const names = new Map<string, string>()

interface Column {
  readonly quoted: string
  readonly value: unknown
}

function columnsOf(row: Row, key: string): Column[] {
  return Object.entries(row)
    .filter(([name]) => name !== key)
    .map(([name, value]) => ({ quoted: new SqlIdentifier([name]).quoted, value: value ?? null }))
}

/** What a statement failed with, as an error that says what to do where the table is not as it should be. */
function unsuitable(error: unknown, { name, key }: Table): unknown {
  const known = help[failureOf(error).sqlState]
  return known !== undefined && error instanceof Error ? new UnsuitableTableError(name, key, known, error) : error
}

function wholeNumber(text: string): number | string {
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : text
}
