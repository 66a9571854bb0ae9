import { testDatabase } from '@writ/build-tools'
import { describeAgreement } from '@writ/event-store-conformance'
import { inMemoryEventStore } from '@writ/event-store-memory'
import { disagreements } from '../test/disagreements.js'
import { postgresEventStore } from './index.js'

describeAgreement({
  name: 'PostgreSQL',
  create() {
    const database = testDatabase()
    return { open: (options) => postgresEventStore({ ...database, ...options }) }
  },
  examples: disagreements,
  reference: { name: 'in-memory', create: () => ({ open: (options) => inMemoryEventStore(options) }) },
})
