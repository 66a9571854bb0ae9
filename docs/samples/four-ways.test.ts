import { InMemoryLog, inMemoryEventStore } from '@writ/event-store-memory'
import { describeFourWays } from './four-ways/describe-four-ways.js'

describeFourWays('memory', async () => {
  const log = new InMemoryLog()
  return { store: inMemoryEventStore({ log }), row: async (table, key) => log.row(table, key) }
})
