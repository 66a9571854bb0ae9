import 'reflect-metadata'
import { silentLogger } from '@writ/event-store'
import pg from 'pg'
import { openPostgresStorage } from '../src/storage/postgres-storage.js'
import { startTestBank } from './running-bank.js'
import { createDatabase } from './test-place.js'

describe('a password', () => {
  const canary = 'canary horse 7131'

  it('and a token stand nowhere in the database, nor in the log', async () => {
    const database = await createDatabase()
    const logged: string[] = []
    const log = (facts: object, message: string) => logged.push(message, JSON.stringify(facts))
    const logger = { ...silentLogger, debug: log, info: log, warn: log, error: log }
    const storage = await openPostgresStorage({ connectionString: database.connectionString, logger: silentLogger })
    const bank = await startTestBank({ storage, logger })
    try {
      const opened = await bank.post(
        '/api/accounts',
        { email: 'canary@example.com', password: canary, owner: 'Owner One' },
        { key: 'open' },
      )
      const { account } = opened.body
      const session = await bank.post('/api/sessions', { account, password: canary }, { key: 'session' })
      await bank.post('/api/sessions', { account, password: `${canary}?` }, { key: 'wrong' })
      await bank.post('/api/accounts', `{"password":"${canary}"`)
      await bank.mailbox.mailTo('canary@example.com', 'Verify')

      const everything = await dump(database.connectionString)
      expect(everything).toContain(account)
      for (const text of [everything, logged.join('\n')]) {
        expect(text).not.toContain(canary)
        expect(text).not.toContain(session.body.token)
      }
      expect(logged.length).toBeGreaterThan(0)
    } finally {
      await bank.stop()
      await database.drop()
    }
  })
})

/** Each row of each table, as text. */
async function dump(connectionString: string): Promise<string> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  const { rows: tables } = await client.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`,
  )
  const texts: string[] = []
  for (const { name } of tables) {
    const { rows } = await client.query<{ text: string }>(`select t::text as text from ${name} t`)
    texts.push(name, ...rows.map(({ text }) => text))
  }
  await client.end()
  return texts.join('\n')
}
