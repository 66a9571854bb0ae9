import 'reflect-metadata'
import { InMemoryLog, inMemoryEventStore } from '@writ/event-store-memory'
import { describeAggregates } from '../../test/parity/describe-aggregates.js'

const log = new InMemoryLog()
describeAggregates('memory', () => inMemoryEventStore({ log }))
