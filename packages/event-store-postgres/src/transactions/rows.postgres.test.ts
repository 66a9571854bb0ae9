import { testDatabase } from '@writ/build-tools'
import pg from 'pg'
import { adminClient, closeAfterAll, newEvent, openStore, untilIdle } from '../../test/test-store.js'

closeAfterAll()

describe('rows of a transaction on PostgreSQL', () => {
  const { schema, connectionString } = testDatabase()
  const accounts = { name: `${schema}.accounts`, key: 'account' }

  beforeAll(async () => {
    await openStore({ schema, connectionString })
    const admin = await adminClient()
    await admin.query(
      `create table ${accounts.name} (account text primary key, balance bigint, opened timestamptz, "Limit" integer)`,
    )
  })

  it('are inserted, found, locked and changed by columns', async () => {
    const store = await openStore({ schema, connectionString })
    const opened = new Date('2026-01-02T03:04:05Z')
    await store.transaction(async ({ rows }) => {
      expect(await rows(accounts).find('ann')).toBeUndefined()
      expect(await rows(accounts).insert('ann', { balance: 5, opened })).toBe(true)
      expect(await rows(accounts).insert('ann', { balance: 6 })).toBe(false)
      expect(await rows(accounts).update('ann', { Limit: 7 })).toBe(true)
      expect(await rows(accounts).update('nobody', { Limit: 7 })).toBe(false)
      expect(await rows(accounts).update('ann', {})).toBe(true)
    })
    const { result } = await store.transaction(({ rows }) => rows(accounts).lock('ann'))
    expect(result).toEqual({ account: 'ann', balance: 5, opened, Limit: 7 })
  })

  it('are as before a part of the work that throws, also after a statement that failed', async () => {
    const store = await openStore({ schema, connectionString })
    const { appended } = await store.transaction(async ({ rows, sql, part, append }) => {
      await rows(accounts).insert('part', { balance: 5 })
      const refused = part(async () => {
        await rows(accounts).update('part', { balance: 6 })
        await sql`select 1 / 0`
      })
      await expect(refused).rejects.toMatchObject({ code: '22012' })
      expect(await part(async () => (await rows(accounts).find('part'))!.balance)).toBe(5)
      append({ stream: 'account-part', events: [newEvent()] })
    })
    expect(appended).toHaveLength(1)
  })

  it('take a key for what it is: no text of theirs becomes SQL', async () => {
    const store = await openStore({ schema, connectionString })
    const key = `'; drop table ${accounts.name}; --`
    await store.transaction(({ rows }) => rows(accounts).insert(key, { balance: 1 }))
    expect((await store.transaction(({ rows }) => rows(accounts).find(key))).result).toMatchObject({ account: key, balance: 1 })
    const strange = { name: 'no"such', key: 'a"b' }
    await expect(store.transaction(({ rows }) => rows(strange).find('x'))).rejects.toMatchObject({ code: 'unsuitable-table' })
  })

  it('say what to do about a table that is missing, lacks a column, or whose key is not unique', async () => {
    const store = await openStore({ schema, connectionString })
    const loose = { name: `${schema}.loose`, key: 'account' }
    const admin = await adminClient()
    await admin.query(`create table ${loose.name} (account text)`)
    const insert = (table: { name: string; key: string }, row: object) =>
      store.transaction(({ rows }) => rows(table).insert('ann', { ...row }))
    for (const [table, row, sqlState, help] of [
      [{ name: `${schema}.absent`, key: 'account' }, {}, '42P01', 'create it in a migration'],
      [accounts, { limit: 7 }, '42703', 'each field is the column of its name'],
      [loose, {}, '42P10', 'make the key the primary key'],
    ] as const) {
      await expect(insert(table, row)).rejects.toMatchObject({
        code: 'unsuitable-table',
        table: table.name,
        message: expect.stringContaining(help),
        cause: { code: sqlState },
      })
    }
  })

  it('give whole numbers that are exact as numbers, and others as the driver does', async () => {
    const store = await openStore({ schema, connectionString })
    await store.transaction(({ rows }) => rows(accounts).insert('big', { balance: '9007199254740993' }))
    expect((await store.transaction(({ rows }) => rows(accounts).find('big'))).result).toMatchObject({
      balance: '9007199254740993',
    })
  })

  it('are refused after the end', async () => {
    const store = await openStore({ schema, connectionString })
    const { result: late } = await store.transaction(async ({ rows }) => rows(accounts))
    await expect(late.find('ann')).rejects.toMatchObject({ code: 'transaction-ended' })
  })

  it('are read beside the log on one connection, however many transactions there are', async () => {
    const pool = new pg.Pool({ connectionString, max: 3 })
    const store = await openStore({ schema, pool })
    await store.append({ stream: 'account-log', events: [newEvent()] })
    const read = () =>
      store.transaction(async ({ reads }) => {
        const versions: number[] = []
        for await (const page of reads.readStream('account-log')) versions.push(...page.map(({ version }) => version))
        for await (const page of reads.readAll({ query: { items: [{ tags: ['none'] }] } })) versions.push(...page.map(() => 0))
        return [
          versions,
          (await reads.head()).position > 0,
          await reads.receipts.find('none'),
          await reads.snapshots.load('account-log', 1),
        ]
      })
    const all = await Promise.all(Array.from({ length: 12 }, read))
    for (const { result } of all) expect(result).toEqual([[1], true, undefined, undefined])
    await store.stop()
    await untilIdle(pool)
    await pool.end()
  })
})
