// One process that reads behind all writers, from the first event on, and tells its parent what it was given.
// Arguments: connection string, schema, whether it asks for what is durable. Told a position, it ends when it has come so far.
import { postgresEventStore } from '../../dist/index.js'

const [connectionString, schema, durable] = process.argv.slice(2)
const store = postgresEventStore({ connectionString, schema })
await store.start()
process.send({ ready: true })

let position = 0
let last = Number.POSITIVE_INFINITY
process.on('message', (upTo) => {
  last = upTo
})
process.on('disconnect', () => process.exit())

async function readOn() {
  for await (const page of store.readAll({ after: position, durable: durable === 'durable' })) {
    position = page.at(-1).position
    process.send({ delivered: page.map((event) => ({ position: event.position, id: event.id })) })
  }
}

while (position < last) {
  try {
    await readOn()
  } catch (error) {
    if (error.code !== 'store-unavailable') {
      process.send({ failure: error.code ?? String(error) })
      break
    }
  }
  await new Promise((resolve) => setTimeout(resolve, 1))
}
await store.stop()
// What was sent before has left when this has.
process.send({}, () => process.exit())
