import 'reflect-metadata'
import { testDatabase } from '@writ/build-tools'
import { postgresEventStore } from '@writ/event-store-postgres'
import { describeCommands } from '../../test/parity/describe-commands.js'

const database = testDatabase()
describeCommands('PostgreSQL', () => postgresEventStore(database))
