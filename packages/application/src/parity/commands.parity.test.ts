import 'reflect-metadata'
import { InMemoryLog, inMemoryEventStore } from '@writ/event-store-memory'
import { describeCommands } from '../../test/parity/describe-commands.js'

const log = new InMemoryLog()
describeCommands('memory', () => inMemoryEventStore({ log }))
