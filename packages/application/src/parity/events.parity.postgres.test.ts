import 'reflect-metadata'
import { testDatabase } from '@writ/build-tools'
import { postgresEventStore } from '@writ/event-store-postgres'
import { describeEvents } from '../../test/parity/describe-events.js'

// A database on a busy machine takes its time.
const database = testDatabase()
describeEvents('PostgreSQL', () => postgresEventStore(database))
