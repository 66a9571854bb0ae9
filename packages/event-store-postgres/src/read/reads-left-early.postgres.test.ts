import { testDatabase, until } from '@writ/build-tools'
import type { ReadAllOptions } from '@writ/event-store'
import { countingPool } from '../../test/counting-pool.js'
import { closeAfterAll, newEvent, openStore, times } from '../../test/test-store.js'

closeAfterAll()

describe('A read that is left early', () => {
  const reads: readonly (readonly [string, ReadAllOptions])[] = [
    ['of the log', {}],
    ['by a tag', { query: { items: [{ tags: ['x'] }] } }],
    ['by a type', { query: { items: [{ types: ['noted'] }] } }],
    ['of a category', { category: 's' }],
    ['backwards', { direction: 'backwards' }],
  ]

  it.each(reads)('%s has fetched one page ahead, and leaves its connection to others', async (_, options) => {
    const { connectionString, schema } = testDatabase()
    const { pool, texts } = countingPool({ connectionString, max: 2 })
    const store = await openStore({ pool, schema })
    await store.append({ stream: 's-1', events: times(2_000, () => newEvent({ tags: ['x'] })) })
    for await (const page of store.readAll({ ...options, pageSize: 50, durable: false })) {
      expect(page).toHaveLength(50)
      // Whoever takes long over a page does not find more and more of them waiting.
      texts.length = 0
      await store.head()
      await store.head()
      expect(texts.filter((text) => text.includes('read_')).length).toBeLessThanOrEqual(1)
      break
    }
    await until('the pool is idle', async () => pool.waitingCount === 0 && pool.idleCount === pool.totalCount)
    texts.length = 0
    await store.head()
    expect(texts.filter((text) => text.includes('read_'))).toEqual([])
  })
})
