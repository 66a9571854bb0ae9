import 'reflect-metadata'
import { testDatabase } from '@writ/build-tools'
import { postgresEventStore } from '@writ/event-store-postgres'
import { describeSwaps } from '../../test/parity/describe-swaps.js'

const database = testDatabase()
describeSwaps('PostgreSQL', () => postgresEventStore(database))
