import { inMemoryEventStore } from '@writ/event-store-memory'
import { describeWaitsForItself } from '../test/describe-waits-for-itself.js'

describeWaitsForItself('memory', async () => inMemoryEventStore())
