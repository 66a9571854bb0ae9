import fc from 'fast-check'
import pg from 'pg'
import { PostgresOptionError } from './errors.js'
import { dropPostgresEventStore, migratePostgresEventStore } from './manage-schema.js'
import type { PostgresEventStoreOptions } from './options.js'
import { postgresEventStore } from './postgres-event-store.js'
import { schemaName } from './schema/schema-name.js'

const connectionString = 'postgres://writ:hush-hush@localhost:5432/writ'

function refusal(options: unknown): { code: string; option: string; message: string } {
  try {
    postgresEventStore(options as PostgresEventStoreOptions)
  } catch (error) {
    return error as { code: string; option: string; message: string }
  }
  throw new Error('it was taken')
}

describe('The options of the store', () => {
  it.each([
    ['connectionString', {}],
    ['connectionString', { connectionString, pool: new pg.Pool() }],
    ['connectionString', { connectionString: 'mysql://writ:hush-hush@localhost/writ' }],
    ['connectionString', { connectionString: 'postgres://writ:hush-hush@local host:54321x/writ' }],
    ['connectionString', { connectionString: 7 }],
    ['pool', { pool: {} }],
    ['poolSize', { connectionString, poolSize: 0 }],
    ['poolSize', { pool: new pg.Pool(), poolSize: 5 }],
    ['schema', { connectionString, schema: '' }],
    ['schema', { connectionString, schema: 'we"ird' }],
    ['schema', { connectionString, schema: "x'; drop schema public; --" }],
    ['schema', { connectionString, schema: 'a'.repeat(64) }],
    ['schema', { connectionString, schema: 'a$$b' }],
    ['schema', { connectionString, schema: 'pg_catalog' }],
    ['maxWaitingAppends', { connectionString, maxWaitingAppends: 0 }],
    ['statementTimeout', { connectionString, statementTimeout: -1 }],
    ['lockTimeout', { connectionString, lockTimeout: 0 }],
    ['lockTimeout', { connectionString, lockTimeout: 500, statementTimeout: 500 }],
    ['idleTimeout', { connectionString, idleTimeout: -1 }],
    ['idleTimeout', { pool: new pg.Pool(), idleTimeout: 1_000 }],
    ['migrate', { connectionString, migrate: 'no' }],
    ['pooler', { connectionString, pooler: 'session' }],
    ['retryFor', { connectionString, retryFor: 1.5 }],
    ['poolsize', { connectionString, poolsize: 5 }],
  ])('refuse a wrong %s, and never print a password', (option, options) => {
    const { code, option: named, message } = refusal(options)
    expect({ code, named }).toEqual({ code: 'invalid-postgres-option', named: option })
    expect(message).not.toContain('hush')
  })

  it('say that there is no connection string, as where an environment variable is not set', () => {
    expect(refusal({ connectionString: undefined }).message).toContain('is missing, and so is `pool`')
    expect(refusal({ connectionString, pool: new pg.Pool() }).message).toContain('does not go with `pool`')
    expect(refusal(connectionString)).toMatchObject({ option: 'options', message: expect.not.stringContaining('hush') })
    expect(refusal(undefined)).toMatchObject({ option: 'options' })
  })

  it.each([
    ['migrate', migratePostgresEventStore],
    ['drop', dropPostgresEventStore],
  ])('are wanted to %s a store, too', async (_what, manage) => {
    await expect(manage(undefined as never)).rejects.toMatchObject({ code: 'invalid-postgres-option', option: 'options' })
  })

  it('are refused before anything starts, and taken when they are right', () => {
    expect(postgresEventStore({ connectionString, schema: 'Some-schema$1' }).adapter).toBe('postgres')
  })
})

describe('A schema name', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 80 }),
    fc.string({ unit: fc.constantFrom(...`aZ_9$-."'\\;() \u0000\n`, 'pg_', '--', '/*'), maxLength: 70 }),
  )

  it('is refused before anything is asked, or is quoted in all that is made of it', () => {
    const property = fc.property(hostile, (name) => {
      try {
        const { quoted, channel, statementPrefix } = schemaName(name)
        expect(quoted).toMatch(/^"[A-Za-z_][A-Za-z0-9_$-]{0,62}"$/)
        expect(channel).toMatch(/^writ:[A-Za-z0-9_$-]{1,58}$/)
        expect(statementPrefix).toMatch(/^writ_[0-9a-f]{10}_$/)
      } catch (error) {
        if (!(error instanceof PostgresOptionError)) throw error
        expect(error).toMatchObject({ code: 'invalid-postgres-option', option: 'schema' })
      }
    })
    fc.assert(property, { numRuns: 50_000 })
  })

  it('of 63 bytes still has a channel that PostgreSQL takes, and one of its own', () => {
    const channels = ['a'.repeat(63), `${'a'.repeat(62)}b`, 'writ'].map((name) => schemaName(name).channel)
    expect(channels.every((channel) => Buffer.byteLength(channel) <= 63)).toBe(true)
    expect(new Set(channels).size).toBe(3)
    expect(channels[2]).toBe('writ:writ')
  })
})
