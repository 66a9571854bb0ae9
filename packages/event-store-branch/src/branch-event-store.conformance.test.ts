import { randomUUID } from 'node:crypto'
import { describeAgreement, describeEventStore, type StoreOptions, type Unsupported } from '@writ/event-store-conformance'
import { inMemoryEventStore } from '@writ/event-store-memory'
import { filled } from '../test/filled.js'
import { branchEventStore } from './index.js'

const unsupported: readonly Unsupported[] = [
  { capability: 'several processes', reason: 'what a branch stores is its own' },
  { capability: 'foreign transactions', reason: 'memory has none' },
  { capability: 'joined transactions', reason: 'memory has none' },
]

describeEventStore({ name: 'branch', create: () => onTop(0), unsupported })
describeEventStore({ name: 'branch (of a log with events)', create: () => onTop(60), unsupported })

describeAgreement({
  name: 'branch',
  create: () => onTop(60),
  unsupported,
  reference: { name: 'in-memory', create: () => ({ open: (options) => inMemoryEventStore(options) }) },
})

async function onTop(events: number) {
  const base = inMemoryEventStore()
  await base.start()
  await filled(base, events)
  const makeTable = async () => ({ name: randomUUID(), key: 'account' })
  const open = (options?: StoreOptions) => branchEventStore({ base, at: Math.ceil(events / 2), ...options })
  return { open, makeTable }
}
