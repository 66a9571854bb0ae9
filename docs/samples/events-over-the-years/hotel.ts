import { Aggregate, Apply } from '@writ/aggregate'
import { Application, module } from '@writ/application'
import type { EventStore } from '@writ/event-store'
import { RoomBooked, RoomPaid, TaxPaid } from './hotel.events.js'
import { hotelUpcasters } from './hotel.upcasters.js'

@Aggregate({ category: 'room', identity: 'room' })
export class Room {
  guests: readonly string[] = []
  paid = 0n

  @Apply(RoomBooked)
  booked({ guests }: RoomBooked) {
    this.guests = [...guests]
  }

  @Apply(RoomPaid)
  roomPaid({ price }: RoomPaid) {
    this.paid += price
  }

  @Apply(TaxPaid)
  taxPaid({ tax }: TaxPaid) {
    this.paid += tax
  }
}

// #region module
export const hotel = module({ name: 'hotel', aggregates: [Room], upcasters: hotelUpcasters })
// #endregion module

// #region unknown
export async function openHotel(store: EventStore) {
  const app = await Application.create({ store, modules: [hotel], unknownEvents: 'pass' })
  await app.start()
  return app
}
// #endregion unknown
