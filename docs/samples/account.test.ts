import { inMemoryEventStore } from '@writ/event-store-memory'
import { run } from './dispatch.js'

describe('the samples of the README', () => {
  it('open an account and deposit money', async () => {
    await expect(run(inMemoryEventStore())).resolves.toEqual({ result: { balance: 500 }, version: 2, position: 2 })
  })
})
