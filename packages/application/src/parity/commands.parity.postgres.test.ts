import 'reflect-metadata'
import { testDatabase } from '@writ/build-tools'
import { postgresEventStore } from '@writ/event-store-postgres'
import { describeCommands } from '../../test/parity/describe-commands.js'

// A database on a busy machine takes its time.
const database = testDatabase()
describeCommands('PostgreSQL', () => postgresEventStore(database))
