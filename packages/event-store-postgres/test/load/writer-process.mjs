// One process that appends as fast as it can, and tells its parent what was acknowledged: it may be killed at any time.
// Arguments: connection string, schema, its name, how many appenders. Every second append of each goes to a stream that all processes
// share; the others to its own, at the version that it knows.
import { systemRuntime } from '@writ/event-store'
import { postgresEventStore } from '../../dist/index.js'

const SHARED_STREAMS = 8

const [connectionString, schema, name, appenders] = process.argv.slice(2)
const store = postgresEventStore({ connectionString, schema })
await store.start()
process.send({ ready: true })

let isStopping = false
const told = []

function tell(acknowledged) {
  if (told.length === 0) setImmediate(() => process.send({ acknowledged: told.splice(0) }))
  told.push(...acknowledged)
}

const newEvent = (appender) => ({
  id: systemRuntime.uuid(),
  type: 'noted',
  schemaVersion: 1,
  data: JSON.stringify({ appender, padding: 'x'.repeat(100) }),
  metadata: '{}',
  tags: [],
})

/** Repeats an append whose outcome is unknown until it is known: with the same ids it takes effect once. */
async function untilStored(append) {
  for (;;) {
    try {
      return await store.append(append)
    } catch (error) {
      if (error.code !== 'store-unavailable') throw error
    }
  }
}

async function keepAppending(appender) {
  const own = `${appender}-own`
  let ownVersion = 0
  for (let turn = 0; !isStopping; turn++) {
    const isOwn = turn % 2 === 0
    const stream = isOwn ? own : `shared-${turn % SHARED_STREAMS}`
    const events = Array.from({ length: 1 + (turn % 3) }, () => newEvent(appender))
    const { version, position } = await untilStored({ stream, events, ...(isOwn && { expectedVersion: ownVersion }) })
    if (isOwn) ownVersion = version
    tell(
      events.map(({ id }, index) => {
        const after = events.length - 1 - index
        return { appender, id, stream, version: version - after, position: position - after }
      }),
    )
  }
}

process.on('message', () => {
  isStopping = true
})
process.on('disconnect', () => process.exit())
try {
  await Promise.all(Array.from({ length: Number(appenders) }, (_, index) => keepAppending(`${name}-${index}`)))
} catch (error) {
  process.send({ failure: error.code ?? String(error) })
}
await store.stop()
// What was sent before has left when this has.
process.send({}, () => process.exit())
