import { InMemoryLog, inMemoryEventStore } from '@writ/event-store-memory'
import { describeInterleavings } from '../../test/describe-interleavings.js'

describeInterleavings({
  store: 'memory',
  async processes() {
    const log = new InMemoryLog()
    return [inMemoryEventStore({ log }), inMemoryEventStore({ log })]
  },
  histories: 300,
})
