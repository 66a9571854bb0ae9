import { testDatabase } from '@writ/build-tools'
import type { EventStore } from '@writ/event-store'
import fc from 'fast-check'
import { adminClient, closeAfterAll, newEvent, openStore, readEverything, times, willClose } from '../../test/test-store.js'
import { dropPostgresEventStore } from '../manage-schema.js'
import { postgresEventStore } from '../postgres-event-store.js'
import { NEWEST_VERSION } from './migrations.js'
import { quoteIdentifier } from './schema-name.js'

closeAfterAll()

describe('The schema', () => {
  it('is made once when ten processes start on an empty database together', async () => {
    const { connectionString, schema } = testDatabase()
    const stores = times(10, () => willClose(postgresEventStore({ connectionString, schema, poolSize: 1 })))
    await Promise.all(stores.map((store) => store.start()))
    const heads = await Promise.all(stores.map((store) => store.head()))
    expect(new Set(heads.map(({ incarnation }) => incarnation)).size).toBe(1)
    const admin = await adminClient()
    const { rows } = await admin.query(`select version from ${schema}.schema_versions`)
    expect(rows).toEqual(times(NEWEST_VERSION, (index) => ({ version: index + 1 })))
  })

  it('may have a name that needs quoting', async () => {
    const { schema } = testDatabase()
    const odd = `${schema}-Odd$name`.slice(0, 63)
    const store = await openStore({ schema: odd })
    await Promise.all(times(3, (index) => store.append({ stream: `s-${index}`, events: [newEvent({ tags: ['x'] })] })))
    await store.append({ stream: 's-1', events: [newEvent()], expectedVersion: 1 })
    expect(await readEverything(store)).toHaveLength(4)
    const admin = await adminClient()
    const { rows } = await admin.query('select nspname from pg_namespace where nspname = $1', [odd])
    expect(rows).toHaveLength(1)
    await store.stop()
    await admin.query(`drop schema ${quoteIdentifier(odd)} cascade`)
  })

  it('takes its name from nobody who means harm: it is refused, or a store like any other', async () => {
    const { connectionString, schema } = testDatabase()
    const admin = await adminClient()
    const canary = `${schema}_canary`
    await admin.query(`create table public.${canary} as select 1 as alive`)
    const part = fc.constantFrom(
      ...`aZ_9$-."'\\;() `,
      '--',
      '/*',
      `"; drop table public.${canary}; --`,
      `'; drop table ${canary}; --`,
      'x'.repeat(20),
    )
    const names = fc.array(part, { maxLength: 4 }).map((parts) => `W${schema.slice(-6)}${parts.join('')}`)
    let taken = 0
    const property = fc.asyncProperty(names, async (name) => {
      const options = { connectionString, schema: name, poolSize: 1 }
      let store: EventStore
      try {
        store = postgresEventStore(options)
      } catch (error) {
        expect(error).toMatchObject({ code: 'invalid-postgres-option', option: 'schema' })
        return
      }
      taken++
      await store.start()
      await store.append({ stream: 's', events: [newEvent({ tags: ['x'] })] })
      expect(await readEverything(store)).toHaveLength(1)
      await store.stop()
      expect(await dropPostgresEventStore({ connectionString, schema: name, confirm: name })).toBe(true)
    })
    await fc.assert(property, { numRuns: 60 })
    expect(taken).toBeGreaterThan(3)
    expect((await admin.query(`select alive from public.${canary}`)).rows).toEqual([{ alive: 1 }])
    await admin.query(`drop table public.${canary}`)
  })

  it('of 63 bytes is told from another one of the same beginning', async () => {
    const { schema } = testDatabase()
    const [one, two] = ['a', 'b'].map((end) => schema.padEnd(62, '_') + end)
    const [here, there] = [await openStore({ schema: one! }), await openStore({ schema: two! })]
    await here.append({ stream: 's', events: [newEvent()] })
    expect(await readEverything(there)).toEqual([])
  })

  it('that newer code has made is refused, and left as it is', async () => {
    const { connectionString, schema } = testDatabase()
    await (await openStore({ connectionString, schema })).stop()
    const admin = await adminClient()
    await admin.query(`insert into ${schema}.schema_versions (version, name) values (999, 'from the future')`)
    const store = willClose(postgresEventStore({ connectionString, schema }))
    await expect(store.start()).rejects.toMatchObject({ code: 'schema-too-new', schema, found: 999, known: NEWEST_VERSION })
  })

  it('keeps stores of two names apart, also on the connections of one pool', async () => {
    const [here, there] = [await openStore(), await openStore()]
    await here.append({ stream: 's', events: [newEvent()] })
    expect(await readEverything(there)).toEqual([])
    expect((await here.head()).incarnation).not.toBe((await there.head()).incarnation)
  })
})

describe('What is written', () => {
  it.each([
    'update SCHEMA.events set data = \'{"forged":true}\'',
    'delete from SCHEMA.events',
    'delete from SCHEMA.events where false',
    'truncate SCHEMA.events',
    "update SCHEMA.tags set tag = 'y'",
    'delete from SCHEMA.tags',
    'truncate SCHEMA.tags',
    'truncate SCHEMA.events, SCHEMA.tags, SCHEMA.receipts',
  ])('stays: %s is refused', async (statement) => {
    const { connectionString, schema } = testDatabase()
    const store = await openStore({ connectionString, schema })
    await store.append({ stream: 's', events: [newEvent({ tags: ['x'] })] })
    const before = await readEverything(store)
    const admin = await adminClient()
    await expect(admin.query(statement.replaceAll('SCHEMA', schema))).rejects.toMatchObject({ code: '23001' })
    expect(await readEverything(store)).toEqual(before)
  })
})
