import 'reflect-metadata'
import { join } from 'node:path'
import { testDatabase, testProcesses } from '@writ/build-tools'
import { postgresEventStore } from '@writ/event-store-postgres'
import pg from 'pg'
import { describeReceipts } from '../../test/parity/describe-receipts.js'
import { Deposit, savings } from '../../test/savings.js'
import { Application } from '../index.js'

// A database on a busy machine takes its time.
const database = testDatabase()
describeReceipts('PostgreSQL', () => postgresEventStore(database))

describe('on PostgreSQL, a command with a given id', () => {
  const { connectionString, schema } = testDatabase()
  const start = testProcesses()
  const answerTo = async (id: string, amount: number): Promise<unknown> => {
    const sender = start(join(__dirname, '../../test/repeat.mjs'), [connectionString, schema, id, amount])
    expect(await sender.ended()).toBe(0)
    return sender.newest
  }

  it('has one outcome and identical replies in processes of their own, one after another and at once', async () => {
    for (const [id, amount] of [
      ['accepted', 5],
      ['refused', 500],
      ['nothing', 0],
    ] as const) {
      const first = await answerTo(id, amount)
      const again = await Promise.all([answerTo(id, amount), answerTo(id, amount)])
      expect(again).toEqual([first, first])
    }
  })
})

describe('on PostgreSQL, a command without a given id', () => {
  it('pays nothing for receipts: no row, and not one statement more', async () => {
    const { connectionString, schema } = testDatabase()
    const pool = new pg.Pool({ connectionString })
    const statements: string[] = []
    pool.on('connect', (client) => {
      const query = client.query.bind(client) as (...given: unknown[]) => unknown
      client.query = ((...given: unknown[]) => {
        const [first] = given as [string | { readonly text?: string }]
        statements.push(typeof first === 'string' ? first : (first.text ?? ''))
        return query(...given)
      }) as typeof client.query
    })
    const app = await Application.create({ store: postgresEventStore({ pool, schema }), modules: [savings] })
    await app.start()
    const statementsOf = async (id?: string) => {
      statements.length = 0
      for (let n = 0; n < 20; n++) {
        const given = id === undefined ? {} : { commandId: `${id} ${n}` }
        await app.dispatch(new Deposit({ account: 'ann', amount: 1 }), given)
      }
      // Whoever asks for news, asks beside it.
      return statements.filter((text) => text.includes('append'))
    }
    const rows = async () => (await pool.query<{ n: number }>(`select count(*)::int as n from ${schema}.receipts`)).rows[0]!.n
    await statementsOf()
    const without = await statementsOf()
    expect(await rows()).toBe(0)
    expect(statements.filter((text) => text.includes('receipts'))).toEqual([expect.stringContaining('count(*)')])
    expect(without.length).toBe(20)
    const withId = await statementsOf('id')
    expect(await rows()).toBe(20)
    // With an id it is the append, too, that finds out and writes it down.
    expect(withId.length).toBe(20)
    await app.stop()
    await pool.end()
  })
})
