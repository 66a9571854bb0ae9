import { countRows } from '../connection-pool.js'
import { type SampleEvent, sampleEvent, streamOf } from '../sample-event.js'
import type { System } from '../system.js'
import { openEmmettStore } from './emmett-store.js'

export const emmettAppend: System = {
  name: 'emmett',
  async open(environment) {
    const { store, pool, settings } = await openEmmettStore(environment)
    return {
      settings,
      async operation() {
        const event = sampleEvent()
        // A number: 'STREAM_DOES_NOT_EXIST' is checked by nobody and costs Emmett a look at the stream.
        await store.appendToStream<SampleEvent>(streamOf(event), [event], { expectedStreamVersion: 0n })
      },
      stored: () => countRows(pool, 'emt_messages'),
      async close() {
        await store.close()
        await pool.end()
      },
    }
  },
}
