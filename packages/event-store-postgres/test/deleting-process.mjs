// A process of its own that takes a stream out of the store.
import { postgresEventStore } from '../dist/index.js'

const [connectionString, schema, stream] = process.argv.slice(2)
const store = postgresEventStore({ connectionString, schema, allowHardDelete: true })
await store.start()
await store.streams.delete(stream, { hard: true })
await store.stop()
