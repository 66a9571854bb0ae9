import 'reflect-metadata'
import { InMemoryLog, inMemoryEventStore } from '@writ/event-store-memory'
import { describeRules } from './rules/describe-rules.js'

const log = new InMemoryLog()
describeRules('memory', () => inMemoryEventStore({ log }))
