import pg from 'pg'
import { testDatabase } from './test-database.js'

describe('the server of a test run', () => {
  const { connectionString, schema } = testDatabase()
  const client = new pg.Client({ connectionString })
  beforeAll(() => client.connect())
  afterAll(() => client.end())

  it('lets a test make the schema that it was given', async () => {
    await client.query(`create schema ${schema}`)
    await client.query(`create table ${schema}.notes (text text)`)
    await client.query(`insert into ${schema}.notes values ('kept')`)
    expect((await client.query(`select text from ${schema}.notes`)).rows).toEqual([{ text: 'kept' }])
  })
})
