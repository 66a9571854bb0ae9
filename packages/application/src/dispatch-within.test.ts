import { InMemoryLog, inMemoryEventStore } from '@writ/event-store-memory'
import { describeDispatchWithin } from '../test/describe-dispatch-within.js'

describeDispatchWithin('memory', async () => {
  const log = new InMemoryLog()
  return {
    schema: 'bank',
    open: async () => inMemoryEventStore({ log }),
    row: async (table, key) => log.row(`bank.${table}`, key),
    async close() {},
  }
})
