import pg from 'pg'
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
    ['schema', { connectionString, schema: 'pg_catalog' }],
    ['maxWaitingAppends', { connectionString, maxWaitingAppends: 0 }],
    ['statementTimeout', { connectionString, statementTimeout: -1 }],
    ['retryFor', { connectionString, retryFor: 1.5 }],
    ['poolsize', { connectionString, poolsize: 5 }],
  ])('refuse a wrong %s, and never print a password', (option, options) => {
    const { code, option: named, message } = refusal(options)
    expect({ code, named }).toEqual({ code: 'invalid-postgres-option', named: option })
    expect(message).not.toContain('hush')
  })

  it('are refused before anything starts, and taken when they are right', () => {
    expect(postgresEventStore({ connectionString, schema: 'Some-schema$1' }).adapter).toBe('postgres')
  })
})

describe('A schema name', () => {
  it('of 63 bytes still has a channel that PostgreSQL takes, and one of its own', () => {
    const channels = ['a'.repeat(63), `${'a'.repeat(62)}b`, 'writ'].map((name) => schemaName(name).channel)
    expect(channels.every((channel) => Buffer.byteLength(channel) <= 63)).toBe(true)
    expect(new Set(channels).size).toBe(3)
    expect(channels[2]).toBe('writ:writ')
  })
})
