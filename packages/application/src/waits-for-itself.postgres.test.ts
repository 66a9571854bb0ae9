import { testDatabase } from '@writ/build-tools'
import { postgresEventStore } from '@writ/event-store-postgres'
import { describeWaitsForItself } from '../test/describe-waits-for-itself.js'

describeWaitsForItself('PostgreSQL', async () => postgresEventStore({ ...testDatabase(), poolSize: 4 }))
