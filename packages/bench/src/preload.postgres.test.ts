import { testDatabase } from '@writ/build-tools'
import { postgresEventStore } from '@writ/event-store-postgres'
import { preload } from './preload.js'
import { sampleEvent, streamOf } from './sample-event.js'
import { newEvent } from './systems/writ-append.js'

it('fills a store with events that read as if they had been appended, and to which one can append', async () => {
  const environment = testDatabase()
  await preload(environment, 250, 100, () => {})
  const store = postgresEventStore(environment)
  await store.start()
  try {
    const stored = []
    for await (const page of store.readAll()) stored.push(...page)
    expect(stored.map(({ position, version }) => [position, version])).toEqual(
      Array.from({ length: 250 }, (_, index) => [index + 1, (index % 100) + 1]),
    )
    const sample = sampleEvent()
    for (const { stream, data } of stored) expect(stream).toBe(`account-${JSON.parse(data).account}`)
    expect(stored[0]!.data).toHaveLength(JSON.stringify(sample.data).length)
    await expect(
      store.append({ stream: stored[0]!.stream, events: [newEvent(sample)], expectedVersion: 99 }),
    ).rejects.toMatchObject({ code: 'wrong-expected-version' })
    expect(await store.append({ stream: streamOf(sample), events: [newEvent(sample)] })).toEqual({ version: 1, position: 251 })
  } finally {
    await store.stop()
  }
})
