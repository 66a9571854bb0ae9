import type { Append, EventStore } from '@writ/event-store'
import type { Area } from '../area.js'
import { sample, samples, streamEvents, upTo } from '../sample-events.js'

/**
 * Stores collect appends that wait together and send them as one: an append must never feel which others it travelled with.
 */
export const appendsTogether: Area = (scenario) => {
  scenario('refuses the one of fifty appends whose data is not JSON, and stores the others', async ({ store, unique }) => {
    const bad = { stream: unique('account'), events: [sample(), sample({ data: '{"amount":' })] }
    await oneAmongFifty(store, unique, bad, 'invalid-append')
    expect(await streamEvents(store, bad.stream)).toEqual([])
  })

  scenario(
    'refuses the one of fifty appends that was decided on a stale version, and stores the others',
    async ({ store, unique }) => {
      const bad = { stream: unique('account'), events: [sample()], expectedVersion: 3 }
      await oneAmongFifty(store, unique, bad, 'wrong-expected-version')
      expect(await streamEvents(store, bad.stream)).toEqual([])
    },
  )

  scenario('refuses the one of fifty appends whose event id is in use, and stores the others', async ({ store, unique }) => {
    const used = sample()
    await store.append({ stream: unique('account'), events: [used] })
    const bad = { stream: unique('account'), events: [sample(), used] }
    await oneAmongFifty(store, unique, bad, 'event-id-conflict')
    expect(await streamEvents(store, bad.stream)).toEqual([])
  })

  scenario(
    'refuses the one of fifty appends whose command has been handled, and stores the others',
    async ({ store, unique }) => {
      const receipts = [{ commandId: unique('command'), eventsUpTo: 1, body: '{}' }]
      await store.append({ stream: unique('account'), events: [sample()], receipts })
      const bad = { stream: unique('account'), events: [sample()], receipts }
      await oneAmongFifty(store, unique, bad, 'command-already-handled')
      expect(await streamEvents(store, bad.stream)).toEqual([])
    },
    'receipts',
  )

  scenario(
    'refuses the one of fifty appends whose condition fails, and stores the others',
    async ({ store, unique }) => {
      const tag = unique('tag')
      await store.append({ stream: unique('account'), events: [sample({ tags: [tag] })] })
      const bad = {
        stream: unique('account'),
        events: [sample()],
        condition: { failIfMatch: { items: [{ tags: [tag] }] }, after: 0 },
      }
      await oneAmongFifty(store, unique, bad, 'append-condition-failed')
      expect(await streamEvents(store, bad.stream)).toEqual([])
    },
    'conditions',
  )

  scenario('gives every one of fifty good and bad appends its own verdict', async ({ store, unique }) => {
    const streams = upTo(50).map(() => unique('account'))
    const outcomes = await Promise.allSettled(
      streams.map((stream, index) => {
        const events = index % 5 === 1 ? [sample({ data: 'no JSON' })] : samples(2)
        return store.append({ stream, events, expectedVersion: index % 5 === 3 ? 8 : 0 })
      }),
    )
    const verdicts = outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value.version : outcome.reason.code))
    const pattern = [2, 'invalid-append', 2, 'wrong-expected-version', 2]
    expect(verdicts).toEqual(streams.map((_, index) => pattern[index % 5]))
    for (const [index, stream] of streams.entries()) {
      expect(await streamEvents(store, stream)).toHaveLength(pattern[index % 5] === 2 ? 2 : 0)
    }
  })

  scenario('takes appends of very different sizes at a time, each whole', async ({ store, unique }) => {
    const sizes = [1, 500, 2, 2_000, 1, 0, 3, 700]
    const streams = sizes.map(() => unique('account'))
    await Promise.all(sizes.map((size, index) => store.append({ stream: streams[index]!, events: samples(size) })))
    for (const [index, stream] of streams.entries()) expect(await streamEvents(store, stream)).toHaveLength(sizes[index]!)
  })

  scenario('goes on after a batch in which everything was refused', async ({ store, unique }) => {
    const refused = await Promise.allSettled(
      upTo(20).map(() => store.append({ stream: unique('account'), events: [sample({ data: '}' })] })),
    )
    for (const outcome of refused) expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'invalid-append' } })
    await expect(store.append({ stream: unique('account'), events: samples(2) })).resolves.toMatchObject({ version: 2 })
  })
}

async function oneAmongFifty(store: EventStore, unique: (prefix: string) => string, bad: Append, code: string): Promise<void> {
  const appends: Append[] = upTo(50).map(() => ({ stream: unique('account'), events: samples(2), expectedVersion: 0 }))
  appends[25] = bad
  const outcomes = await Promise.allSettled(appends.map((append) => store.append(append)))
  for (const [index, outcome] of outcomes.entries()) {
    if (index === 25) expect(outcome).toMatchObject({ status: 'rejected', reason: { code } })
    else expect(outcome).toMatchObject({ status: 'fulfilled', value: { version: 2 } })
  }
  for (const [index, { stream }] of appends.entries()) if (index !== 25) expect(await streamEvents(store, stream)).toHaveLength(2)
}
