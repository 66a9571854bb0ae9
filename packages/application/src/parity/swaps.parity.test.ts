import 'reflect-metadata'
import { InMemoryLog, inMemoryEventStore } from '@writ/event-store-memory'
import { describeSwaps } from '../../test/parity/describe-swaps.js'

const log = new InMemoryLog()
describeSwaps('memory', () => inMemoryEventStore({ log }))
