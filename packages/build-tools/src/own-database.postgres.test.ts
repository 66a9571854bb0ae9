import pg from 'pg'
import { withOwnDatabase } from './own-database.js'
import { testDatabase } from './test-database.js'

const { connectionString } = testDatabase()

async function databaseOf(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query<{ name: string }>('select current_database() as name')
  await client.end()
  return rows[0]?.name ?? ''
}

describe('a database of its own', () => {
  it('is there for as long as it is used', async () => {
    let used = ''
    const name = await withOwnDatabase(connectionString, (url) => {
      used = url
      return databaseOf(url)
    })
    expect(name).toMatch(/^writ_check_[0-9a-f]{12}$/)
    await expect(databaseOf(used)).rejects.toMatchObject({ code: '3D000' })
  })

  it('is dropped after a failure, also while somebody is connected', async () => {
    let used = ''
    const failing = withOwnDatabase(connectionString, async (url) => {
      used = url
      const left = new pg.Client({ connectionString: url })
      left.on('error', () => {})
      await left.connect()
      throw new Error('It went wrong.')
    })
    await expect(failing).rejects.toThrow('It went wrong.')
    await expect(databaseOf(used)).rejects.toMatchObject({ code: '3D000' })
  })
})
