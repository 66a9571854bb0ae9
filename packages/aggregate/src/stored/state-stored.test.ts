import { InMemoryLog, inMemoryEventStore } from '@writ/event-store-memory'
import { describeStored } from '../../test/describe-stored.js'

describeStored('memory', async () => {
  const log = new InMemoryLog()
  return {
    schema: 'bank',
    async open() {
      const store = inMemoryEventStore({ log })
      await store.start()
      return store
    },
    row: async (table, account) => log.row(table, account),
    async close() {},
  }
})
