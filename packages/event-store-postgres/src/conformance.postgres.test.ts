import { testDatabase } from '@writ/build-tools'
import { describeEventStore } from '@writ/event-store-conformance'
import { foreignTransaction } from '../test/foreign-transaction.js'
import { postgresEventStore } from './index.js'

describeEventStore({
  name: 'PostgreSQL',
  create() {
    const database = testDatabase()
    return { open: () => postgresEventStore(database), holdForeignTransaction: () => foreignTransaction(database) }
  },
})
