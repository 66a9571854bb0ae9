// A process of its own with an embedded server and a store on it; it appends until it is killed, and writes down each event that was
// acknowledged. Where the folder is in use it says so, and ends.
import { systemRuntime } from '@writ/event-store'
import { startPostgres } from '@writ/postgres-embedded'
import { postgresEventStore } from '../dist/index.js'

const [dataDirectory] = process.argv.slice(2)
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`)
try {
  const server = await startPostgres({ dataDirectory, database: 'bank' })
  const store = postgresEventStore({ connectionString: server.connectionString })
  await store.start()
  const append = async (writer) => {
    for (;;) {
      const id = systemRuntime.uuid()
      const event = { id, type: 'noted', schemaVersion: 1, data: '{}', metadata: '{}', tags: [] }
      const { position } = await store.append({ stream: `writer-${writer}`, events: [event] })
      say({ id, position })
    }
  }
  await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(append))
} catch ({ code, pid }) {
  say({ refused: code, pid })
  process.exitCode = 1
}
