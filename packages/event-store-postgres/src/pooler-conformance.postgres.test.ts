import { testDatabase } from '@writ/build-tools'
import { describeEventStore } from '@writ/event-store-conformance'
import { foreignTransaction } from '../test/foreign-transaction.js'
import { ownTable } from '../test/own-table.js'
import { ownTransaction } from '../test/own-transaction.js'
import { describeWithPgbouncer, noPgbouncer, type Pgbouncer, startPgbouncer } from '../test/pgbouncer.js'
import { postgresEventStore } from './index.js'

describeWithPgbouncer(`Behind PgBouncer in transaction mode${noPgbouncer}`, () => {
  let pooler: Pgbouncer
  beforeAll(async () => {
    pooler = await startPgbouncer(testDatabase().connectionString, 'transaction', { poolSize: 10 })
  })
  afterAll(() => pooler?.stop())

  describeEventStore({
    name: 'PostgreSQL',
    create() {
      const database = testDatabase()
      const options = {
        ...database,
        connectionString: pooler.connectionString,
        pooler: 'transaction',
      } as const
      return {
        open: (given) => postgresEventStore({ ...options, ...given }),
        holdForeignTransaction: () => foreignTransaction(database),
        makeTable: () => ownTable(database),
        beginTransaction: () => ownTransaction(options),
      }
    },
    unsupported: [
      { capability: 'steering hints', reason: 'nothing is listened to behind a pooler, so that heartbeats tell' },
      {
        capability: 'rewound logs',
        reason: 'the pooler keeps the connection while the server behind it changes, so that it takes up to a second',
      },
    ],
  })
})
