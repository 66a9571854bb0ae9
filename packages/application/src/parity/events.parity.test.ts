import 'reflect-metadata'
import { InMemoryLog, inMemoryEventStore } from '@writ/event-store-memory'
import { describeEvents } from '../../test/parity/describe-events.js'

const log = new InMemoryLog()
describeEvents('memory', () => inMemoryEventStore({ log }))
