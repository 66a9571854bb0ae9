import 'reflect-metadata'
import { InMemoryLog, inMemoryEventStore } from '@writ/event-store-memory'
import { describeReceipts } from '../../test/parity/describe-receipts.js'

const log = new InMemoryLog()
describeReceipts('memory', () => inMemoryEventStore({ log }))
