import { startTemporaryPostgres } from '@writ/postgres-embedded'
import pg from 'pg'
import { slowDisk, whyNoSlowDisk } from './slow-disk.js'

const why = whyNoSlowDisk()
const itWithCompiler = why ? it.skip : it

itWithCompiler(`makes each commit take as long as the flush does${why ? ` [skipped: ${why}]` : ''}`, async () => {
  const disk = await slowDisk(30)
  const server = await startTemporaryPostgres({ environment: disk.environment })
  const client = new pg.Client({ connectionString: server.connectionString })
  try {
    await client.connect()
    await client.query('create table flushed (n int)')
    const before = performance.now()
    for (let n = 0; n < 5; n++) await client.query('insert into flushed values (1)')
    expect(performance.now() - before).toBeGreaterThan(5 * 30)
  } finally {
    await client.end()
    await server.stop()
    await disk.remove()
  }
})
