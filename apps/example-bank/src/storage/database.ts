import { StoreUnavailableError } from '@writ/event-store'
import pg from 'pg'

/** The bank's own tables: one statement at a time, and nothing but parameters ever gets into its text. */
export class Database {
  constructor(private readonly pool: pg.Pool) {}

  /** @throws StoreUnavailableError when the database is away */
  async sql<Row extends object = Record<string, unknown>>(
    text: TemplateStringsArray,
    ...values: readonly (string | number | Buffer)[]
  ): Promise<Row[]> {
    try {
      const statement = text.reduce((before, after, index) => `${before}$${index}${after}`)
      const { rows } = await this.pool.query<Row & pg.QueryResultRow>(statement, [...values])
      return rows
    } catch (error) {
      // Not "may be committed": that is said of events, and nothing that is written here means anything without its event.
      throw isAway(error) ? new StoreUnavailableError('postgres', "the bank's tables", false, error) : error
    }
  }

  /** Makes the schema and its tables; several processes may start at once, and make them one after another. */
  async prepare(tables: readonly string[]): Promise<void> {
    const client = await this.pool.connect()
    try {
      await client.query('begin')
      await client.query("select pg_advisory_xact_lock(hashtext('bank'), hashtext('tables'))")
      await client.query('create schema if not exists bank')
      for (const table of tables) await client.query(table)
      await client.query('commit')
      client.release()
    } catch (error) {
      client.release(true)
      throw error
    }
  }
}

// What the server says itself comes as a DatabaseError; of those, classes 08, 53 and 57 tell of connections, resources and operators.
function isAway(error: unknown): boolean {
  return !(error instanceof pg.DatabaseError) || /^(08|53|57)/.test(error.code ?? '')
}
