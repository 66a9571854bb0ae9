import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
// #region start
import { startPostgres } from '@writ/postgres-embedded'
import { Client } from 'pg'

export async function withPostgres(dataDirectory: string, use: (connectionString: string) => Promise<void>) {
  const server = await startPostgres({ dataDirectory, database: 'bank', log: console.info })
  await use(server.connectionString) // postgres://postgres:<password>@127.0.0.1:<port>/bank, for any client
  await server.stop()
}
// #endregion start

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
