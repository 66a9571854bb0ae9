import 'reflect-metadata'
import { testDatabase } from '@writ/build-tools'
import { postgresEventStore } from '@writ/event-store-postgres'
import { describeAggregates } from '../../test/parity/describe-aggregates.js'

const database = testDatabase()
describeAggregates('PostgreSQL', () => postgresEventStore(database))
