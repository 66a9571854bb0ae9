import 'reflect-metadata'
import { testDatabase } from '@writ/build-tools'
import { postgresEventStore } from '@writ/event-store-postgres'
import { describeRules } from './rules/describe-rules.js'

const database = testDatabase()
describeRules('PostgreSQL', () => postgresEventStore(database))
