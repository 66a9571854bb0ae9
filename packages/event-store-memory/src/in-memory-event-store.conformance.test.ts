import { randomUUID } from 'node:crypto'
import { describeEventStore } from '@writ/event-store-conformance'
import { InMemoryLog, inMemoryEventStore } from './index.js'

describeEventStore({
  name: 'in-memory',
  create() {
    const log = new InMemoryLog()
    return {
      open: (options) => inMemoryEventStore({ log, ...options }),
      rewind: async (position) => log.rewind(position),
      makeTable: async () => ({ name: randomUUID(), key: 'account' }),
    }
  },
  unsupported: [
    { capability: 'foreign transactions', reason: 'only its own stores write to its log' },
    { capability: 'joined transactions', reason: 'memory has no transactions but those of its stores' },
  ],
})
