import type { NewEvent } from '@writ/event-store'
import type { Area } from '../area.js'
import { rejectsWith } from '../rejects-with.js'
import { idsOf, logEvents, sample, samples, streamEvents } from '../sample-events.js'

const conflict = 'event-id-conflict'

export const repeatedAppends: Area = (scenario) => {
  scenario('answers an append that is repeated as the first time, and stores it once', async ({ store, start, unique }) => {
    const append = { stream: unique('account'), events: samples(3), expectedVersion: 0 }
    const first = await store.append(append)
    await expect(store.append(append)).resolves.toEqual(first)
    expect(await logEvents(store, { after: start })).toHaveLength(3)
  })

  scenario('does so after others have appended to the stream and to the log', async ({ store, unique }) => {
    const append = { stream: unique('account'), events: samples(2), expectedVersion: 0 }
    const first = await store.append(append)
    await store.append({ stream: append.stream, events: samples(2) })
    await store.append({ stream: unique('account'), events: samples(2) })
    await expect(store.append(append)).resolves.toEqual(first)
    expect(await streamEvents(store, append.stream)).toHaveLength(4)
  })

  scenario('does so when it is repeated with a newer expected version', async ({ store, unique }) => {
    const append = { stream: unique('account'), events: samples(2) }
    const first = await store.append(append)
    await expect(store.append({ ...append, expectedVersion: 2 })).resolves.toEqual(first)
    await expect(store.append({ ...append, expectedVersion: 9 })).resolves.toEqual(first)
    expect(await streamEvents(store, append.stream)).toHaveLength(2)
  })

  scenario(
    'does so for an append whose receipts are stored already',
    async ({ store, unique }) => {
      const append = {
        stream: unique('account'),
        events: samples(2),
        receipts: [{ commandId: unique('command'), eventsUpTo: 2, body: '{}' }],
      }
      const first = await store.append(append)
      await expect(store.append(append)).resolves.toEqual(first)
    },
    'receipts',
  )

  scenario('stores an append once that is sent twice at the same time', async ({ store, unique }) => {
    for (let turn = 0; turn < 10; turn++) {
      const append = { stream: unique('account'), events: samples(2), expectedVersion: 0 }
      const [one, two] = await Promise.all([store.append(append), store.append(append)])
      expect(one).toEqual(two)
      expect(idsOf(await streamEvents(store, append.stream))).toEqual(idsOf(append.events))
    }
  })

  scenario(
    'stores an append once that two processes send at the same time',
    async ({ store, neighbour, unique }) => {
      const other = await neighbour()
      for (let turn = 0; turn < 10; turn++) {
        const append = { stream: unique('account'), events: samples(2), expectedVersion: 0 }
        const [one, two] = await Promise.all([store.append(append), other.append(append)])
        expect(one).toEqual(two)
        expect(idsOf(await streamEvents(store, append.stream))).toEqual(idsOf(append.events))
      }
    },
    'several processes',
  )

  const changes: Readonly<Record<string, Partial<NewEvent>>> = {
    'other data': { data: '{"amount":501}' },
    'data that is spelled otherwise': { data: '{ "amount": 500 }' },
    'another type': { type: 'money-withdrawn' },
    'another schema version': { schemaVersion: 2 },
  }
  for (const [what, change] of Object.entries(changes)) {
    scenario(`refuses an event id that is in use for ${what}, and writes nothing`, async ({ store, start, unique }) => {
      const stream = unique('account')
      const event = sample()
      await store.append({ stream, events: [event] })
      const error = await rejectsWith(conflict, () => store.append({ stream, events: [{ ...event, ...change }] }))
      expect(error).toMatchObject({ stream, eventId: event.id })
      expect(await logEvents(store, { after: start })).toHaveLength(1)
    })
  }

  scenario('refuses an event id that is in use in another stream', async ({ store, start, unique }) => {
    const [stream, other] = [unique('account'), unique('account')]
    const event = sample()
    await store.append({ stream, events: [event] })
    const error = await rejectsWith(conflict, () => store.append({ stream: other, events: [event] }))
    expect(error).toMatchObject({ stream: other, eventId: event.id })
    expect(await logEvents(store, { after: start })).toHaveLength(1)
  })

  scenario('refuses new events among which one id is in use, and writes none of them', async ({ store, start, unique }) => {
    const stream = unique('account')
    const used = sample()
    await store.append({ stream, events: [used] })
    const attempts: readonly NewEvent[][] = [
      [used, sample()],
      [sample(), used],
      [sample(), used, sample()],
    ]
    for (const events of attempts) {
      expect(await rejectsWith(conflict, () => store.append({ stream, events }))).toMatchObject({ eventId: used.id })
    }
    expect(await logEvents(store, { after: start })).toHaveLength(1)
  })

  scenario('refuses the same events in another order', async ({ store, unique }) => {
    const stream = unique('account')
    const events = samples(3)
    await store.append({ stream, events })
    await rejectsWith(conflict, () => store.append({ stream, events: [...events].reverse() }))
    expect(await streamEvents(store, stream)).toHaveLength(3)
  })

  scenario('refuses, as one append, the events of two that had others between them', async ({ store, unique }) => {
    const stream = unique('account')
    const [first, second] = [sample(), sample()]
    await store.append({ stream, events: [first] })
    await store.append({ stream, events: [sample()] })
    await store.append({ stream, events: [second] })
    await rejectsWith(conflict, () => store.append({ stream, events: [first, second] }))
    expect(await streamEvents(store, stream)).toHaveLength(3)
  })

  scenario('takes an event id that stood in a refused append', async ({ store, unique }) => {
    const stream = unique('account')
    const events = samples(2)
    await rejectsWith('wrong-expected-version', () => store.append({ stream, events, expectedVersion: 5 }))
    await expect(store.append({ stream, events, expectedVersion: 0 })).resolves.toMatchObject({ version: 2 })
  })

  scenario('prefers, for a used id with other content, the id conflict to the version conflict', async ({ store, unique }) => {
    const stream = unique('account')
    const event = sample()
    await store.append({ stream, events: [event] })
    await rejectsWith(conflict, () => store.append({ stream, events: [{ ...event, data: '{}' }], expectedVersion: 0 }))
  })
}
