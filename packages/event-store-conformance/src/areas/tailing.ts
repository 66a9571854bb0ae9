import { setImmediate as othersTurn } from 'node:timers/promises'
import { type EventStore, eventsOf, type StoredEvent } from '@writ/event-store'
import type { Area } from '../area.js'
import { logEvents, samples, streamEvents, upTo } from '../sample-events.js'
import { until } from '../until.js'

interface Acknowledged {
  readonly id: string
  readonly stream: string
  readonly version: number
  readonly position: number
}

/** Whoever reads up to a position and goes on from there must see every event: the promise that all subscriptions stand on. */
export const tailing: Area = (scenario) => {
  scenario(
    'shows every acknowledged event once and in order to a reader behind forty writers',
    async ({ store, start, unique }) => {
      await readBehind({ writers: [store], reader: store, start, unique, durable: true })
    },
  )

  scenario('does so for a reader that does not ask for durability', async ({ store, start, unique }) => {
    await readBehind({ writers: [store], reader: store, start, unique, durable: false })
  })

  scenario(
    'does so for a reader in another process',
    async ({ store, neighbour, start, unique }) => {
      await readBehind({ writers: [store], reader: await neighbour(), start, unique, durable: true })
    },
    'several processes',
  )

  scenario(
    'does so while two processes write',
    async ({ store, neighbour, start, unique }) => {
      await readBehind({ writers: [store, await neighbour()], reader: store, start, unique, durable: true })
    },
    'several processes',
  )

  scenario(
    'does so behind 64 writers while a foreign transaction stays open',
    async ({ store, start, unique, hooks }) => {
      await hooks.holdForeignTransaction()
      await readBehind({ writers: [store], reader: store, start, unique, durable: true, count: 64 })
    },
    'foreign transactions',
  )

  scenario(
    'does so behind 64 writers in two processes, and in both of them, while a foreign transaction stays open',
    async ({ store, neighbour, start, unique, hooks }) => {
      const other = await neighbour()
      await hooks.holdForeignTransaction()
      const reading = readBehind({ writers: [store, other], reader: store, start, unique, durable: true, count: 64 })
      const [seenByOther] = await Promise.all([followUntil(reading, other, start), reading])
      expect(seenByOther).toEqual(await logEvents(store, { after: start }))
    },
    'several processes',
    'foreign transactions',
  )

  scenario('never shows a head beyond which an earlier event turns up', async ({ store, start, unique }) => {
    // The head is read first: everything up to it must be readable, however many appends are under way.
    let isWriting = true
    const writing = Promise.all(
      upTo(40).map((n) => store.append({ stream: unique('account'), events: samples((n % 3) + 1) })),
    ).finally(() => {
      isWriting = false
    })
    const check = async () => {
      while (isWriting) {
        await othersTurn()
        const { position } = await store.head()
        const first = await positionsUpTo(store, start, position)
        if (position > start) expect(first.at(-1)).toBe(position)
        expect(await positionsUpTo(store, start, position)).toEqual(first)
      }
    }
    await Promise.all([writing, check()])
  })

  scenario('shows an append whole or not at all to whoever reads a stream at its end', async ({ store, unique }) => {
    const stream = unique('account')
    let isWriting = true
    const write = async () => {
      for (let turn = 0; turn < 30; turn++) await store.append({ stream, events: samples(4) })
    }
    const read = async () => {
      while (isWriting) {
        await othersTurn()
        expect((await streamEvents(store, stream)).length % 4).toBe(0)
      }
    }
    const writing = write().finally(() => {
      isWriting = false
    })
    await Promise.all([writing, read()])
  })
}

async function positionsUpTo(store: EventStore, after: number, upTo: number): Promise<number[]> {
  const positions: number[] = []
  for await (const { position } of eventsOf(store.readAll({ after, upTo }))) positions.push(position)
  return positions
}

interface Reading {
  readonly writers: readonly EventStore[]
  readonly reader: EventStore
  readonly start: number
  readonly unique: (prefix: string) => string
  readonly durable: boolean
  /** How many write at the same time; 40 by default. */
  readonly count?: number
}

async function readBehind({ writers, reader, start, unique, durable, count = 40 }: Reading): Promise<void> {
  const acknowledged: Acknowledged[] = []
  // Half of the writers have a stream of their own; the others share one.
  const shared = unique('account')
  const writing = Promise.all(
    upTo(count).map(async (n) => {
      const stream = n % 2 === 0 ? shared : unique('account')
      for (let turn = 0; turn < 15; turn++) {
        const events = samples((turn % 3) + 1)
        const { version, position } = await writers[n % writers.length]!.append({ stream, events })
        events.forEach(({ id }, index) => {
          const before = events.length - 1 - index
          acknowledged.push({ id, stream, version: version - before, position: position - before })
        })
      }
    }),
  )
  const [seen] = await Promise.all([followUntil(writing, reader, start, durable), writing])
  expect(seen.map(({ id, stream, version, position }) => ({ id, stream, version, position }))).toEqual(
    [...acknowledged].sort((a, b) => a.position - b.position),
  )
}

/** Reads on from where it stands, in small pages, until the work is done; then once more. Returns all events, which grow in position. */
async function followUntil(
  work: Promise<unknown>,
  reader: EventStore,
  start: number,
  durable = true,
): Promise<readonly StoredEvent[]> {
  const seen: StoredEvent[] = []
  const readOn = async () => {
    for await (const event of eventsOf(reader.readAll({ after: seen.at(-1)?.position ?? start, pageSize: 50, durable })))
      seen.push(event)
  }
  let isDone = false
  const end = () => (isDone = true)
  work.then(end, end)
  await until('the writers have finished', async () => {
    await readOn()
    return isDone
  })
  await readOn()
  const positions = seen.map(({ position }) => position)
  expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b))
  return seen
}
