import { type Row, type Rows, type Table, TransactionEndedError } from '@writ/event-store'
import pg from 'pg'
import type { RunsOn } from '../connections.js'
import { SqlIdentifier } from '../sql.js'

const BIGINT = 20

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

  of({ name, key }: Table): Rows {
    const table = new SqlIdentifier(name.split('.')).quoted
    const keyColumn = new SqlIdentifier([key]).quoted
    const select = `select * from ${table} where ${keyColumn} = $1`
    return {
      lock: async (value) => (await this.run(`${select} for update`, [value])).rows[0],
      find: async (value) => (await this.run(select, [value])).rows[0],
      insert: async (value, row) => {
        const columns = columnsOf(row, key)
        const names = [keyColumn, ...columns.map(({ quoted }) => quoted)].join(', ')
        const places = [value, ...columns].map((_, index) => `$${index + 1}`).join(', ')
        const text = `insert into ${table} (${names}) values (${places}) on conflict (${keyColumn}) do nothing`
        return (await this.run(text, [value, ...columns.map((column) => column.value)])).rowCount === 1
      },
      update: async (value, row) => {
        const columns = columnsOf(row, key)
        if (columns.length === 0) return (await this.run(select, [value])).rowCount === 1
        const changes = columns.map(({ quoted }, index) => `${quoted} = $${index + 2}`).join(', ')
        const text = `update ${table} set ${changes} where ${keyColumn} = $1`
        return (await this.run(text, [value, ...columns.map((column) => column.value)])).rowCount === 1
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

function wholeNumber(text: string): number | string {
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : text
}
