import type { ExpectedVersion, WrongExpectedVersionError } from '@writ/event-store'
import type { Area } from '../area.js'
import { rejectsWith } from '../rejects-with.js'
import { idsOf, logEvents, sample, samples, streamEvents } from '../sample-events.js'

const wrong = 'wrong-expected-version'

export const expectedVersions: Area = (scenario) => {
  const accepted: readonly [string, number, ExpectedVersion | undefined][] = [
    ['an exact version', 3, 3],
    ['version 0 of an absent stream', 0, 0],
    ["'no-stream' of an absent stream", 0, 'no-stream'],
    ["'stream-exists' of a stream with events", 3, 'stream-exists'],
    ["'any' of a stream with events", 3, 'any'],
    ["'any' of an absent stream", 0, 'any'],
    ['nothing, of a stream with events', 3, undefined],
    ['nothing, of an absent stream', 0, undefined],
  ]
  for (const [what, before, expectedVersion] of accepted) {
    scenario(`accepts an append that expects ${what}`, async ({ store, unique }) => {
      const stream = unique('account')
      await store.append({ stream, events: samples(before) })
      const appended = await store.append({
        stream,
        events: samples(2),
        ...(expectedVersion !== undefined && { expectedVersion }),
      })
      expect(appended.version).toBe(before + 2)
      expect(await streamEvents(store, stream)).toHaveLength(before + 2)
    })
  }

  const refused: readonly [string, number, ExpectedVersion][] = [
    ['a stale version', 3, 2],
    ['a version that the stream has not reached', 3, 4],
    ['the greatest of all versions', 3, Number.MAX_SAFE_INTEGER],
    ['version 0 of a stream with events', 3, 0],
    ['version 1 of an absent stream', 0, 1],
    ["'no-stream' of a stream with events", 3, 'no-stream'],
    ["'stream-exists' of an absent stream", 0, 'stream-exists'],
  ]
  for (const [what, before, expectedVersion] of refused) {
    scenario(`refuses an append that expects ${what}, and writes nothing`, async ({ store, start, unique }) => {
      const stream = unique('account')
      await store.append({ stream, events: samples(before) })
      const error = await rejectsWith<WrongExpectedVersionError>(wrong, () =>
        store.append({ stream, events: samples(2), expectedVersion }),
      )
      expect(error).toMatchObject({ stream, expectedVersion, actualVersion: before })
      expect(await streamEvents(store, stream)).toHaveLength(before)
      expect(await logEvents(store, { after: start })).toHaveLength(before)
    })
  }

  scenario('tells whoever is refused which events were missed, whole and in order', async ({ store, unique }) => {
    const stream = unique('account')
    await store.append({ stream, events: samples(5, { tags: ['a', 'b'], metadata: '{"actor":"ann"}' }) })
    const error = await rejectsWith<WrongExpectedVersionError>(wrong, () =>
      store.append({ stream, events: [sample()], expectedVersion: 2 }),
    )
    expect(error.missed).toEqual(await streamEvents(store, stream, { fromVersion: 3 }))
  })

  for (const expectedVersion of [0, 'no-stream'] as const) {
    scenario(
      `tells a second creator who expects ${JSON.stringify(expectedVersion)} all events of the first`,
      async ({ store, unique }) => {
        const stream = unique('account')
        const events = samples(3)
        await store.append({ stream, events, expectedVersion })
        const error = await rejectsWith<WrongExpectedVersionError>(wrong, () =>
          store.append({ stream, events: [sample()], expectedVersion }),
        )
        expect(idsOf(error.missed ?? [])).toEqual(idsOf(events))
      },
    )
  }

  scenario('tells whoever is ahead of the stream that no event was missed', async ({ store, unique }) => {
    const stream = unique('account')
    await store.append({ stream, events: samples(2) })
    const error = await rejectsWith<WrongExpectedVersionError>(wrong, () =>
      store.append({ stream, events: [sample()], expectedVersion: 7 }),
    )
    expect(error.missed).toEqual([])
  })

  scenario('tells of 100 missed events, and leaves more than that to be read', async ({ store, unique }) => {
    const stream = unique('account')
    await store.append({ stream, events: samples(101) })
    const attempt = (expectedVersion: number) => () => store.append({ stream, events: [sample()], expectedVersion })
    const hundred = await rejectsWith<WrongExpectedVersionError>(wrong, attempt(1))
    expect(hundred.missed?.map(({ version }) => version)).toEqual(Array.from({ length: 100 }, (_, index) => index + 2))
    const more = await rejectsWith<WrongExpectedVersionError>(wrong, attempt(0))
    expect(more).toMatchObject({ actualVersion: 101, missed: undefined })
  })

  scenario('checks the version of an append without events', async ({ store, unique }) => {
    const stream = unique('account')
    await store.append({ stream, events: samples(2) })
    await expect(store.append({ stream, events: [], expectedVersion: 2 })).resolves.toMatchObject({ version: 2 })
    const error = await rejectsWith<WrongExpectedVersionError>(wrong, () =>
      store.append({ stream, events: [], expectedVersion: 1 }),
    )
    expect(error).toMatchObject({ stream, expectedVersion: 1, actualVersion: 2 })
    expect(error.missed?.map(({ version }) => version)).toEqual([2])
  })

  scenario('lets an append through that is decided again on the missed events', async ({ store, unique }) => {
    const stream = unique('account')
    await store.append({ stream, events: samples(4) })
    const again = { stream, events: samples(2) }
    const { actualVersion } = await rejectsWith<WrongExpectedVersionError>(wrong, () =>
      store.append({ ...again, expectedVersion: 1 }),
    )
    await expect(store.append({ ...again, expectedVersion: actualVersion })).resolves.toMatchObject({ version: 6 })
  })
}
