import { inMemoryEventStore } from '@writ/event-store-memory'
import { deposits } from './event-store.js'

describe('the sample of event-store', () => {
  it('appends an event and reads it back as an instance of its class', async () => {
    const store = inMemoryEventStore()
    expect(await deposits(store)).toEqual([500])
    await expect(deposits(store)).rejects.toMatchObject({ code: 'wrong-expected-version', actualVersion: 1 })
    await store.stop()
  })
})
