import { deepEqual, equal, rejects } from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Application, module } from '@writ/application'
import { EventTypes, type StoredEvent, systemRuntime, UnknownEvent, upcaster } from '@writ/event-store'
import { inMemoryEventStore } from '@writ/event-store-memory'
import { firstValueFrom, take, toArray } from 'rxjs'
import { RoomBooked, RoomPaid, TaxPaid } from './hotel.events.js'
import { hotel, openHotel, Room } from './hotel.js'
import { hotelUpcasters } from './hotel.upcasters.js'

// #region test
const types = new EventTypes([RoomBooked, RoomPaid, TaxPaid], { upcasters: hotelUpcasters })

/** What a stored event is today. */
function today(type: string, schemaVersion: number, data: object) {
  const facts = { id: '', stream: 'room-7', version: 1, position: 1, createdAt: new Date('2021-03-04'), metadata: '{}', tags: [] }
  const stored: StoredEvent = { type, schemaVersion, data: JSON.stringify(data), ...facts }
  return types.decodeData(stored)
}

describe('the events of the hotel', () => {
  it('have the shapes of today', () => {
    const from = new Date('2021-05-06T00:00:00.000Z')
    const booked = new RoomBooked({ room: '7', guests: new Set(['Ann']), from, bookedAt: new Date('2021-03-04') })
    deepEqual(today('room-reserved', 1, { roomNumber: '7', name: 'Ann', day: from.toISOString() }), [booked])
    deepEqual(today('room-booked', 1, { room: '7', guest: 'Ann', from: from.toISOString() }), [booked])
  })

  it('are several, or none', () => {
    deepEqual(today('bill-paid', 1, { room: '7', total: 107, tax: 7 }), [
      new RoomPaid({ room: '7', price: 100n }),
      new TaxPaid({ room: '7', tax: 7n }),
    ])
    deepEqual(today('room-viewed', 1, {}), [])
  })
})
// #endregion test

describe('the hotel', () => {
  it('reads a log of earlier years', async () => {
    const store = inMemoryEventStore()
    await store.start()
    const append = (type: string, data: object) => {
      const event = { id: systemRuntime.uuid(), type, schemaVersion: 1, data: JSON.stringify(data), metadata: '{}', tags: [] }
      return store.append({ stream: 'room-7', events: [event] })
    }
    await append('room-reserved', { roomNumber: '7', name: 'Ann', day: '2021-05-06T00:00:00.000Z' })
    await append('bill-paid', { room: '7', total: 107, tax: 7 })
    await append('carpet-cleaned', { with: 'soap' })
    const app = await openHotel(store)
    const { state, version } = await app.stateOf(Room, '7')
    deepEqual({ ...state }, { guests: ['Ann'], paid: 107n })
    equal(version, 3)
    // #region follow
    const seen = await firstValueFrom(app.events().pipe(take(4), toArray()))
    const places = seen.map(({ data, position, part }) => `${data.constructor.name} ${position}/${part}`)
    deepEqual(places, ['RoomBooked 1/0', 'RoomPaid 2/0', 'TaxPaid 2/1', 'UnknownEvent 3/0'])
    // #endregion follow
    deepEqual(seen[3]?.data, new UnknownEvent('carpet-cleaned', 1, { with: 'soap' }))
    deepEqual((await app.health()).unknownEvents, { 'carpet-cleaned': 2 })
    await app.stop()
  })

  it('does not start with a gap', async () => {
    const store = inMemoryEventStore()
    const { upcasters: _, ...forgetful } = hotel
    await rejects(Application.create({ store, modules: [module(forgetful)] }), { code: 'upcaster-gap', missing: [1, 2] })
    const circle = module({
      ...hotel,
      upcasters: [
        ...hotelUpcasters,
        upcaster({ from: { type: 'a', schemaVersion: 1 }, to: { type: 'b', schemaVersion: 1 }, upcast: (data) => data }),
        upcaster({ from: { type: 'b', schemaVersion: 1 }, to: { type: 'a', schemaVersion: 1 }, upcast: (data) => data }),
      ],
    })
    await rejects(Application.create({ store, modules: [circle] }), {
      code: 'upcaster-loop',
      message: /'a' version 1 → 'b' version 1 → 'a' version 1/,
    })
  })
})
