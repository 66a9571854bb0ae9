import { newLink } from '@writ/event-store'
import type { Area } from '../area.js'
import { rejectsWith } from '../rejects-with.js'
import { idsOf, logEvents, sample, samples, streamEvents } from '../sample-events.js'

const absent = '01900000-0000-7000-8000-000000000000'

export const findingEvents: Area = (scenario) => {
  scenario('finds events by their ids, as the log gives them and in its order', async ({ store, start, unique }) => {
    const given = samples(6, { tags: ['a', 'b'], metadata: '{"actor":"ann"}' })
    for (const event of given) await store.append({ stream: unique('account'), events: [event] })
    const log = await logEvents(store, { after: start })
    expect(await store.findEvents(idsOf(given).reverse())).toEqual(log)
    expect(await store.findEvents([given[4]!.id, given[1]!.id])).toEqual([log[1], log[4]])
  })

  scenario('finds nothing for an id that nothing has, and each event once', async ({ store, unique }) => {
    const event = sample()
    await store.append({ stream: unique('account'), events: [event] })
    expect(await store.findEvents([])).toEqual([])
    expect(await store.findEvents([absent])).toEqual([])
    expect(idsOf(await store.findEvents([event.id, absent, event.id]))).toEqual([event.id])
  })

  scenario('finds nothing of an append that was refused', async ({ store, unique }) => {
    const events = samples(2)
    const refused = { stream: unique('account'), events, expectedVersion: 5 }
    await rejectsWith('wrong-expected-version', () => store.append(refused))
    expect(await store.findEvents(idsOf(events))).toEqual([])
  })

  scenario('takes up to 10,000 ids', async ({ store, start, unique }) => {
    const [stream, other] = [unique('account'), unique('account')]
    const [events, absentees] = [samples(5_000), samples(5_000)]
    for (const part of [0, 1_000, 2_000, 3_000, 4_000])
      await store.append({ stream: part < 2_000 ? stream : other, events: events.slice(part, part + 1_000) })
    const found = await store.findEvents(idsOf([...absentees, ...events]))
    expect(found).toEqual(await logEvents(store, { after: start }))
    await rejectsWith('invalid-read', () => store.findEvents(idsOf([...absentees, ...events, sample()])))
  })

  const malformed: readonly unknown[] = ['', 'x', '01900000-0000-7000-8000-00000000000A', `${absent} `, `{${absent}}`, null, 7]
  for (const id of malformed) {
    scenario(`refuses ${JSON.stringify(id)} as an id`, async ({ store }) => {
      await rejectsWith('invalid-read', () => store.findEvents([absent, id as string]))
    })
  }

  scenario(
    'finds what another process has written',
    async ({ store, neighbour, unique }) => {
      const event = sample()
      await store.append({ stream: unique('account'), events: [event] })
      expect(idsOf(await (await neighbour()).findEvents([event.id]))).toEqual([event.id])
    },
    'several processes',
  )

  scenario(
    'finds a link as it was made, and the event that it leads to by the id of that one',
    async ({ store, unique }) => {
      const [stream, audit] = [unique('account'), unique('audit')]
      await store.append({ stream, events: samples(3) })
      const [, event] = await streamEvents(store, stream)
      const link = newLink(event!, sample().id)
      const { version, position } = await store.append({ stream: audit, events: [sample(), link] })
      const found = { ...link, stream: audit, version, position, createdAt: expect.any(Date) }
      expect(await store.findEvents([link.id])).toEqual([found])
      expect(await store.findEvents([link.id, event!.id])).toEqual([event, found])
    },
    'links',
  )

  scenario(
    'finds the events of a deleted stream, and of one whose books were closed, as long as they are in the log',
    async ({ store, start, unique }) => {
      const [deleted, closed] = [unique('account'), unique('account')]
      const events = samples(6)
      await store.append({ stream: deleted, events: events.slice(0, 3) })
      await store.append({ stream: closed, events: events.slice(3) })
      await store.streams.delete(deleted)
      await store.streams.truncate(closed, { before: 3 })
      expect(await store.findEvents(idsOf(events))).toEqual(await logEvents(store, { after: start }))
    },
    'deletes',
    'truncation',
  )

  scenario(
    'finds nothing of what was taken out',
    async ({ store, eraser, unique }) => {
      const [stream, other] = [unique('account'), unique('account')]
      const events = samples(4)
      await store.append({ stream, events: events.slice(0, 2) })
      await store.append({ stream: other, events: events.slice(2) })
      await (await eraser()).streams.delete(stream, { hard: true })
      expect(idsOf(await store.findEvents(idsOf(events)))).toEqual(idsOf(events.slice(2)))
    },
    'hard deletes',
  )
}
