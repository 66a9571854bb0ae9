import { describeEventStore } from '@writ/event-store-conformance'
import { foreignTransaction } from '../test/foreign-transaction.js'
import { ownTable } from '../test/own-table.js'
import { ownTransaction } from '../test/own-transaction.js'
import { rewindableDatabase } from '../test/rewindable-database.js'
import { postgresEventStore } from './index.js'

describeEventStore({
  name: 'PostgreSQL',
  create() {
    const { rewind, ...database } = rewindableDatabase()
    return {
      open: (options) => postgresEventStore({ ...database, ...options }),
      holdForeignTransaction: () => foreignTransaction(database),
      makeTable: () => ownTable(database),
      beginTransaction: () => ownTransaction(database),
      rewind,
    }
  },
})
