import { postgresEventStore } from '@writ/event-store-postgres'
import type { Acknowledged } from '../closed-loop.js'
import { openLoop } from '../open-loop.js'
import { monotonic } from '../processes/calling-process.js'
import { sampleEvent, streamOf } from '../sample-event.js'
import type { System } from '../system.js'
import { newEvent } from './writ-append.js'

/** Appends at a steady rate, as many a second as it is told of callers; it tells when each began, and which position it got. */
export const pacedAppend: System = {
  name: 'paced',
  async open({ connectionString, schema }) {
    const store = postgresEventStore({ connectionString, schema })
    await store.start()
    return {
      settings: 'as it comes',
      operation: async () => {},
      async window(perSecond, seconds) {
        const acknowledged: Acknowledged[] = []
        const loop = await openLoop(perSecond, seconds, async () => {
          const at = monotonic()
          const sample = sampleEvent()
          const { position } = await store.append({ stream: streamOf(sample), events: [newEvent(sample)], expectedVersion: 0 })
          acknowledged.push({ position, at })
          return performance.now()
        })
        return { ...loop, acknowledged: acknowledged.sort((a, b) => a.position - b.position) }
      },
      close: () => store.stop(),
    }
  },
}
