import { testDatabase } from '@writ/build-tools'
import pg from 'pg'
import { adminClient, closeAfterAll, newEvent, openStore, readEverything, times, willClose } from '../test/test-store.js'
import type { Row } from './connections.js'
import { canCopy, copiedRows } from './copied-rows.js'

closeAfterAll()

const asItIs = (row: Row) => row

describe('Rows that come by COPY', () => {
  it('are the texts that the columns hold, and null', async () => {
    const client = await adminClient()
    const texts = ['a\tb\nc\rd\be\ff\vg', String.raw`C:\new\table\.`, String.raw`\N`, 'Grüße 🎉', "it's"]
    const rows = await copiedRows(
      client,
      'select $1, $2, $3, $4, $5, $6, $7::bigint, $8::boolean',
      [...texts, null, 7, true],
      asItIs,
    )
    expect(rows).toEqual([[...texts, null, '7', 't']])
  })

  it('are events to the last character, however many there are', async () => {
    const store = await openStore(testDatabase())
    const data = String.raw`{ "text":	"line\nline \\ \"quoted\" \u001f \u001e 🎉 ü",
 "number": 1.50 }`
    const events = times(250, (index) => newEvent({ data, tags: index % 2 === 0 ? [] : ['ü', 'b\\'] }))
    await store.append({ stream: 'a\\b', events })
    const stored = []
    for await (const page of store.readStream('a\\b')) stored.push(...page)
    expect(stored.map(({ id, data, metadata, tags }) => ({ id, data, metadata, tags }))).toEqual(
      events.map(({ id, data, metadata, tags }) => ({ id, data, metadata, tags })),
    )
    expect(await readEverything(store)).toEqual(stored)
  })

  it('leave the client as it was when the statement fails', async () => {
    const client = await adminClient()
    await expect(copiedRows(client, 'select 1 / $1', [0], asItIs)).rejects.toMatchObject({ code: '22012' })
    expect(await copiedRows(client, 'select $1', [1], asItIs)).toEqual([['1']])
  })

  it('come in time for a client that has a limit, which then hears of nothing more', async () => {
    const client = new pg.Client({ connectionString: testDatabase().connectionString, query_timeout: 200 })
    await client.connect()
    willClose({ stop: () => client.end() })
    expect(await copiedRows(client, 'select $1', [1], asItIs)).toEqual([['1']])
    await expect(copiedRows(client, 'select pg_sleep($1)', [5], asItIs)).rejects.toThrow('Query read timeout')
  })

  it('are left to the driver where it does not wait for answers', async () => {
    const { connectionString, schema } = testDatabase()
    const pool = new pg.Pool({ connectionString, max: 3, pipeline: true } as pg.PoolConfig)
    willClose({ stop: () => pool.end() })
    const client = await pool.connect()
    expect(canCopy(client)).toBe(false)
    client.release()
    const store = await openStore({ pool, schema })
    await store.append({ stream: 's', events: times(250, () => newEvent()) })
    expect(await readEverything(store)).toHaveLength(250)
  })
})
