import { type EventStore, hasCode, newLink, systemRuntime, type WrittenEvents } from '@writ/event-store'
import type { Area } from '../area.js'
import { logEvents, sample, samples, upTo } from '../sample-events.js'
import { until } from '../until.js'

/** A wake-up is a hint that may get lost, so nothing here counts on one: appends go on until the listener was called. */
export const wakeUps: Area = (scenario) => {
  const hinted: typeof scenario = (sentence, run, ...needs) => scenario(sentence, run, 'wake-ups', ...needs)

  hinted('wakes a listener up after an append', async ({ store, unique }) => {
    const listener = counter()
    const stop = store.onAppended(listener.call)
    await appendUntilCalled(store, unique('account'), listener)
    stop()
  })

  hinted(
    'wakes a listener up after an append in another process',
    async ({ store, neighbour, unique }) => {
      const listener = counter()
      const stop = store.onAppended(listener.call)
      await appendUntilCalled(await neighbour(), unique('account'), listener)
      stop()
    },
    'several processes',
  )

  hinted('wakes every listener up', async ({ store, unique }) => {
    const listeners = [counter(), counter(), counter()]
    const stops = listeners.map((listener) => store.onAppended(listener.call))
    for (const listener of listeners) await appendUntilCalled(store, unique('account'), listener)
    for (const stop of stops) stop()
  })

  hinted('wakes the others up when one listener throws', async ({ store, unique }) => {
    const listener = counter()
    const stops = [
      store.onAppended(() => {
        throw new Error('This listener is broken')
      }),
      store.onAppended(listener.call),
    ]
    await appendUntilCalled(store, unique('account'), listener)
    for (const stop of stops) stop()
  })

  hinted('leaves a listener alone that was taken away, and may be told so twice', async ({ store, unique }) => {
    const [gone, there] = [counter(), counter()]
    const stopGone = store.onAppended(gone.call)
    const stopThere = store.onAppended(there.call)
    stopGone()
    stopGone()
    await appendUntilCalled(store, unique('account'), there)
    stopThere()
    expect(gone.calls).toBe(0)
  })

  hinted('brings along what a read gives, to the letter and all of it, where it brings anything', async ({ store, unique }) => {
    const brought: WrittenEvents[] = []
    const stop = store.onAppended((written) => written && brought.push(written))
    const [one, other] = [unique('account'), unique('account')]
    const tagged = sample({
      data: '{ "amount" : 5e2, "note": "\\u00e4 😀" }',
      metadata: '{"user":{"b":1,"a":2}}',
      tags: ['b', 'a'],
    })
    await store.append({ stream: one, events: [tagged] })
    await Promise.all([
      store.append({ stream: one, events: samples(3), expectedVersion: 1 }),
      store.append({ stream: one, events: [sample()], expectedVersion: 0 }).catch(refused),
      store.append({ stream: other, events: [sample({ schemaVersion: 7 })] }),
      store.append({ stream: other, events: [sample()] }),
      ...upTo(20).map(() => store.append({ stream: unique('account'), events: [sample()] })),
    ])
    await Promise.all([
      store.append({ stream: one, events: [tagged] }),
      store.append({ stream: other, events: samples(2, { tags: ['a'] }) }),
    ])
    stop()
    await expectAsRead(store, brought)
  })

  hinted(
    'brings along the same of appends to several streams, and of transactions',
    async ({ store, unique }) => {
      const brought: WrittenEvents[] = []
      const stop = store.onAppended((written) => written && brought.push(written))
      const [one, other] = [unique('account'), unique('account')]
      await store.append({ stream: other, events: [sample()] })
      await store.appendAll([
        { stream: one, events: samples(2) },
        { stream: other, events: [] },
        { stream: unique('account'), events: [sample()], expectedVersion: 0 },
      ])
      await store.transaction(async ({ append }) => void append({ stream: other, events: [sample()] }))
      stop()
      await expectAsRead(store, brought)
    },
    'several streams',
    'transactions',
  )

  hinted(
    'brings along no links',
    async ({ store, start, unique }) => {
      const brought: WrittenEvents[] = []
      const stop = store.onAppended((written) => written && brought.push(written))
      const stream = unique('account')
      await store.append({ stream, events: [sample()] })
      const [event] = await logEvents(store, { after: start, limit: 1 })
      const link = () => newLink(event!, systemRuntime.uuid())
      await store.append({ stream, events: [sample(), link(), sample()] })
      await store.append({ stream, events: [link()] })
      stop()
      await expectAsRead(store, brought)
    },
    'links',
  )

  hinted('lets a woken listener read what woke it', async ({ store, start, unique }) => {
    let seen = 0
    // The store must not be stopped under a read: each is waited for.
    const reads: Promise<void>[] = []
    const read = async () => {
      const { length } = await logEvents(store, { after: start })
      seen = Math.max(seen, length)
    }
    const stop = store.onAppended(() => void reads.push(read()))
    const stream = unique('account')
    await until('the listener has read an event', async () => {
      await store.append({ stream, events: [sample()] })
      return seen > 0
    })
    stop()
    await Promise.all(reads)
  })
}

async function expectAsRead(store: EventStore, brought: readonly WrittenEvents[]): Promise<void> {
  for (const { after, upTo, events } of brought) {
    expect(events).toEqual(await logEvents(store, { after, upTo }))
    expect(upTo).toBeGreaterThan(after)
  }
}

function refused(error: unknown): void {
  if (!hasCode(error, 'wrong-expected-version')) throw error
}

interface Counter {
  readonly calls: number
  readonly call: () => void
}

// Not jest.fn(): `jest` is no global where the tests run as ES modules.
function counter(): Counter {
  let calls = 0
  return {
    call: () => void calls++,
    get calls() {
      return calls
    },
  }
}

async function appendUntilCalled(writer: EventStore, stream: string, listener: Counter): Promise<void> {
  await until('the listener was called', async () => {
    await writer.append({ stream, events: [sample()] })
    return listener.calls > 0
  })
}
