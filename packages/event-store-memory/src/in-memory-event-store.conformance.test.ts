import { describeEventStore } from '@writ/event-store-conformance'
import { InMemoryLog, inMemoryEventStore } from './index.js'

describeEventStore({
  name: 'in-memory',
  async create() {
    const log = new InMemoryLog()
    return { store: inMemoryEventStore({ log }), another: async () => inMemoryEventStore({ log }), close: async () => {} }
  },
})
