import { testDatabase } from '@writ/build-tools'
import type { Append } from '@writ/event-store'
import pg from 'pg'
import { proxyTo } from '../test/proxy.js'
import { closeAfterAll, newEvent, openStore, readEverything, times, willClose } from '../test/test-store.js'

closeAfterAll()

/** So many bytes further on each time: fewer than the smallest part of what the driver and the server say to each other. */
const STEP = 13

/** A store behind a proxy, on one connection of a user's pool: what passes is an append's, and little else. */
async function behindProxy() {
  const { connectionString, schema } = testDatabase()
  const proxy = await proxyTo(connectionString)
  const pool = new pg.Pool({ connectionString: proxy.connectionString, max: 1 })
  willClose({ stop: () => pool.end() })
  return { proxy, store: await openStore({ pool, schema, retryFor: 60_000 }) }
}

const one = (name: string): Append[] => [{ stream: name, events: [newEvent()], expectedVersion: 0 }]
const several = (name: string): Append[] => [
  ...one(`${name}-a`),
  { stream: `${name}-b`, events: [newEvent({ tags: ['x'] }), newEvent()], expectedVersion: 'no-stream' },
  { stream: `${name}-c`, events: [newEvent()], receipts: [{ commandId: name, eventsUpTo: 1, body: '{}' }] },
]

describe('A connection that breaks after so many bytes', () => {
  it.each([
    ['of an append', 'asked', one],
    ['of the answer to an append', 'answered', one],
    ['of a batch', 'asked', several],
    ['of the answer to a batch', 'answered', several],
  ] as const)('%s, wherever that is: all is stored once, and answered as if nothing had been', async (_, side, appends) => {
    const { proxy, store } = await behindProxy()
    const appended: { readonly append: Append; readonly version: number; readonly position: number }[] = []
    const append = async (name: string) => {
      const given = appends(name)
      const answers = await Promise.all(given.map((each) => store.append(each)))
      appended.push(...given.map((each, index) => ({ append: each, ...answers[index]! })))
    }
    await append('before')
    let breaks = 0
    for (let bytes = 0; ; bytes += STEP) {
      proxy.cutAfter(side, bytes)
      await append(`after-${bytes}`)
      if (!proxy.hasCut()) break
      breaks++
    }
    proxy.cutAfter(side, Number.POSITIVE_INFINITY)
    expect(breaks).toBeGreaterThan(3)
    const stored = new Map((await readEverything(store)).map((event) => [event.id, event]))
    expect(stored.size).toBe(appended.flatMap(({ append: { events } }) => events).length)
    for (const { append: given, version, position } of appended) {
      const events = given.events.map(({ id }) => stored.get(id))
      expect(events.map((event) => event?.version)).toEqual(times(events.length, (index) => index + 1))
      expect(events.at(-1)).toMatchObject({ stream: given.stream, version, position })
    }
  })
})
