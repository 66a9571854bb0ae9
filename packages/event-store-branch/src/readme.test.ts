import { inMemoryEventStore } from '@writ/event-store-memory'
import { filled, sample } from '../test/filled.js'
import { branchEventStore } from './index.js'

it('branches a store as its README says', async () => {
  const store = inMemoryEventStore()
  await store.start()
  await filled(store, 6)
  const event = sample()
  // #region branch
  const branch = branchEventStore({ base: store, at: 3 })
  await branch.start()
  const { version, position } = await branch.append({ stream: 'note-0', events: [event], expectedVersion: 1 })
  // #endregion branch
  expect({ version, position }).toEqual({ version: 2, position: 4 })
  expect((await store.head()).position).toBe(6)
})
