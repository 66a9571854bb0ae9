import { testDatabase } from '@writ/build-tools'
import { describeEventStore } from '@writ/event-store-conformance'
import { postgresEventStore } from './postgres-event-store.js'

describeEventStore({
  name: 'PostgreSQL',
  create: async () => {
    const options = testDatabase()
    const store = postgresEventStore(options)
    await store.start()
    const others: (typeof store)[] = []
    return {
      store,
      another: async () => {
        const other = postgresEventStore(options)
        others.push(other)
        await other.start()
        return other
      },
      close: async () => {
        await Promise.all([store, ...others].map((opened) => opened.stop()))
      },
    }
  },
  unsupported: [],
})
