import { testDatabase } from '@writ/build-tools'
import { postgresEventStore } from '@writ/event-store-postgres'
import { describeInterleavings } from '../../test/describe-interleavings.js'

const database = testDatabase()
const stores = [postgresEventStore({ ...database, poolSize: 4 }), postgresEventStore({ ...database, poolSize: 4 })] as const
beforeAll(() => Promise.all(stores.map((store) => store.start())))
afterAll(() => Promise.all(stores.map((store) => store.stop())))

describeInterleavings({ store: 'PostgreSQL', processes: async () => stores, histories: 25 })
