import { type EventStore, hasCode, type WrongExpectedVersionError } from '@writ/event-store'
import type { Area } from '../area.js'
import { idsOf, sample, samples, streamEvents, upTo, versionsOf } from '../sample-events.js'

const wrong = 'wrong-expected-version'

export const races: Area = (scenario) => {
  scenario('lets exactly one of two creators win, and tells the other what the winner wrote', async ({ store, unique }) => {
    await raceToCreate([store, store], unique('account'))
  })

  scenario(
    'lets exactly one of two creators in two processes win, twenty times over',
    async ({ store, neighbour, unique }) => {
      const stores = [store, await neighbour()]
      await Promise.all(Array.from({ length: 20 }, () => raceToCreate(stores, unique('account'))))
    },
    'several processes',
  )

  scenario('lets exactly one of fifty appends win that expect the same version', async ({ store, unique }) => {
    const stream = unique('account')
    await store.append({ stream, events: samples(3) })
    const attempts = upTo(50).map(() => store.append({ stream, events: samples(2), expectedVersion: 3 }))
    const outcomes = await Promise.allSettled(attempts)
    const lost = outcomes.filter((outcome) => outcome.status === 'rejected')
    expect(lost).toHaveLength(49)
    for (const { reason } of lost) expect(reason).toMatchObject({ code: wrong, actualVersion: 5 })
    expect(versionsOf(await streamEvents(store, stream))).toEqual(upTo(5))
  })

  scenario('takes fifty appends to one stream at a time that expect nothing, each whole', async ({ store, unique }) => {
    const stream = unique('account')
    const appends = upTo(50).map(() => ({ stream, events: samples(3) }))
    const versions = await Promise.all(appends.map(async (append) => (await store.append(append)).version))
    expect([...versions].sort((a, b) => a - b)).toEqual(upTo(50).map((n) => n * 3))
    const stored = await streamEvents(store, stream)
    expect(versionsOf(stored)).toEqual(upTo(150))
    for (const [index, { events }] of appends.entries()) {
      const last = versions[index]!
      expect(idsOf(stored.slice(last - 3, last))).toEqual(idsOf(events))
    }
  })

  scenario(
    'accepts appends in the order in which they were called, where each expects the one before',
    async ({ store, unique }) => {
      const stream = unique('account')
      const first = store.append({ stream, events: samples(2), expectedVersion: 0 })
      await first
      const second = store.append({ stream, events: samples(2), expectedVersion: 2 })
      await expect(second).resolves.toMatchObject({ version: 4 })
    },
  )

  scenario(
    'never accepts what was decided on the events of a refused append',
    async ({ store, neighbour, unique }) => {
      // The second append of each pair expects the version that the first would make: where the first is refused, so must the second be.
      const other = await neighbour()
      for (let turn = 0; turn < 20; turn++) {
        const stream = unique('account')
        const [foreign, first, second] = [samples(1), samples(1), samples(1)]
        const [, one, two] = await Promise.allSettled([
          other.append({ stream, events: foreign, expectedVersion: 0 }),
          store.append({ stream, events: first, expectedVersion: 0 }),
          store.append({ stream, events: second, expectedVersion: 1 }),
        ])
        const stored = idsOf(await streamEvents(store, stream))
        if (one.status === 'fulfilled') expect(stored[0]).toBe(first[0]!.id)
        else expect(stored[0]).toBe(foreign[0]!.id)
        // Decided on version 1, the second may stand at version 2 only.
        expect(stored.indexOf(second[0]!.id)).toBe(two.status === 'fulfilled' ? 1 : -1)
      }
    },
    'several processes',
  )

  scenario(
    'loses no update of two processes that decide again whenever the other was first',
    async ({ store, neighbour, unique }) => {
      const stream = unique('account')
      const add = async (writer: EventStore) => {
        // Each conflict is another's success, of which there are twenty.
        for (let attempt = 0, done = 0, version = 0; done < 20; attempt++) {
          expect(attempt).toBeLessThan(40)
          try {
            version = (await writer.append({ stream, events: [sample()], expectedVersion: version })).version
            done++
          } catch (error) {
            if (!hasCode<WrongExpectedVersionError>(error, wrong)) throw error
            expect(error.missed).toHaveLength(error.actualVersion - version)
            version = error.actualVersion
          }
        }
      }
      await Promise.all([add(store), add(await neighbour())])
      expect(versionsOf(await streamEvents(store, stream))).toEqual(upTo(40))
    },
    'several processes',
  )
}

async function raceToCreate(stores: readonly EventStore[], stream: string): Promise<void> {
  const appends = stores.map(() => samples(2))
  const outcomes = await Promise.allSettled(
    stores.map((store, index) => store.append({ stream, events: appends[index]!, expectedVersion: 'no-stream' })),
  )
  const winner = outcomes.findIndex(({ status }) => status === 'fulfilled')
  const losers = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
  expect(losers).toHaveLength(stores.length - 1)
  const events = appends[winner]!
  for (const error of losers) {
    if (!hasCode<WrongExpectedVersionError>(error, wrong)) throw error
    expect(error).toMatchObject({ stream, actualVersion: 2 })
    expect(idsOf(error.missed ?? [])).toEqual(idsOf(events))
  }
  expect(idsOf(await streamEvents(stores[0]!, stream))).toEqual(idsOf(events))
}
