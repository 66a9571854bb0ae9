import { startPostgres } from '@writ/postgres-embedded'
import { startService } from './service.js'

async function main() {
  const { DATA = '.data', PORT = '3000' } = process.env
  const postgres = await startPostgres({ dataDirectory: DATA, database: 'courses' })
  const service = await startService({ connectionString: postgres.connectionString, port: Number(PORT) })
  console.log(`The service listens at ${service.url}`)

  const stop = async () => {
    await service.stop()
    await postgres.stop()
  }
  process.once('SIGINT', stop).once('SIGTERM', stop)
}

void main()
