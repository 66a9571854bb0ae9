import { type StoredEvent, systemRuntime } from '@writ/event-store'
import { EventsById } from './events-by-id.js'

const event = (id: string) => ({ id }) as StoredEvent
const ascending = Array.from({ length: 100 }, () => event(systemRuntime.uuid()))
// As a caller makes them that knows no time: the first digits are anything.
const byChance = Array.from({ length: 100 }, (_, index) => {
  const firstDigits = String((index * 37) % 100).padStart(2, '0')
  return event(`${firstDigits}${systemRuntime.uuid().slice(2)}`)
})

function filled(...events: readonly StoredEvent[]): EventsById {
  const byId = new EventsById()
  for (const one of events) byId.add(one)
  return byId
}

describe('EventsById', () => {
  it.each([
    ['in the order of their ids', ascending],
    ['against it', ascending.toReversed()],
    ['by chance', byChance],
    ['in several ways', [...ascending.slice(50), ...byChance, ...ascending.slice(0, 50)]],
  ])('finds each event, and no other, that came %s', (_, events) => {
    const byId = filled(...events)
    for (const one of events) expect(byId.get(one.id)).toBe(one)
    for (const { id } of events) expect(byId.get(`${id.slice(0, -1)}x`)).toBeUndefined()
    expect([byId.get(''), byId.get('z')]).toEqual([undefined, undefined])
  })

  it('does not find what was removed, and takes it in again', () => {
    const events = [...ascending.slice(50), ...ascending.slice(0, 50)]
    const byId = filled(...events)
    byId.remove(new Set(events.filter((_, index) => index % 3 === 0)))
    for (const [index, one] of events.entries()) expect(byId.get(one.id)).toBe(index % 3 === 0 ? undefined : one)
    byId.add(events[0]!)
    byId.add(events[99]!)
    expect([byId.get(events[0]!.id), byId.get(events[99]!.id)]).toEqual([events[0], events[99]])
  })

  it('is empty when it was cleared', () => {
    const byId = filled(...ascending)
    byId.clear()
    expect(byId.get(ascending[0]!.id)).toBeUndefined()
    byId.add(ascending[0]!)
    expect(byId.get(ascending[0]!.id)).toBe(ascending[0])
  })
})
