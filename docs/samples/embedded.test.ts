import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { withPostgres } from './embedded.js'

describe('the sample of postgres-embedded', () => {
  it('runs a statement on a server of its own', async () => {
    jest.spyOn(console, 'info').mockImplementation()
    const dataDirectory = await mkdtemp(join(tmpdir(), 'writ-sample-'))
    await withPostgres(dataDirectory, async (connectionString) => {
      const client = new Client({ connectionString })
      await client.connect()
      expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])
      await client.end()
    })
    await rm(dataDirectory, { recursive: true })
  })
})
