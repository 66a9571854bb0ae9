// A process of its own that appends to one stream until it has stored so many events, deciding again after each conflict.
import { systemRuntime } from '@writ/event-store'
import { postgresEventStore } from '../dist/index.js'

const [connectionString, schema, stream, count] = process.argv.slice(2)
const store = postgresEventStore({ connectionString, schema })
await store.start()
let version = 0
let conflicts = 0
const ids = []
while (ids.length < Number(count)) {
  const id = systemRuntime.uuid()
  const event = { id, type: 'noted', schemaVersion: 1, data: JSON.stringify({ process: process.pid }), metadata: '{}', tags: [] }
  try {
    version = (await store.append({ stream, events: [event], expectedVersion: version })).version
    ids.push(id)
  } catch (error) {
    if (error.code !== 'wrong-expected-version') throw error
    conflicts++
    const missed = error.missed?.length ?? error.actualVersion - version
    if (version + missed !== error.actualVersion) throw new Error('the missed events do not lead to the actual version')
    version = error.actualVersion
  }
}
await store.stop()
process.stdout.write(JSON.stringify({ ids, conflicts }))
