import 'reflect-metadata'
import { InMemoryLog, inMemoryEventStore } from '@writ/event-store-memory'
import { describeBoundaries } from '../../test/parity/describe-boundaries.js'

const log = new InMemoryLog()
describeBoundaries('memory', () => inMemoryEventStore({ log }))
