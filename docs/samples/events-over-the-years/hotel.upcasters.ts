// #region one-to-one
import { upcaster } from '@writ/event-store'
import { RoomBooked, RoomPaid, TaxPaid } from './hotel.events.js'

const guestsAreSeveral = upcaster({
  from: { type: 'room-booked', schemaVersion: 1 },
  to: { type: 'room-booked', schemaVersion: 2 },
  upcast: ({ guest, ...booking }) => ({ ...booking, guests: [guest] }),
})

const bookingHasATime = upcaster({
  from: { type: 'room-booked', schemaVersion: 2 },
  to: RoomBooked, // its version of today: what is given is checked by the compiler
  upcast: (booking: { room: string; guests: string[]; from: string }, { createdAt }) => ({
    ...booking,
    bookedAt: createdAt.toISOString(), // nobody wrote it down; the store did
  }),
})
// #endregion one-to-one

// #region renamed
const reservedIsBooked = upcaster({
  from: { type: 'room-reserved', schemaVersion: 1 },
  to: { type: 'room-booked', schemaVersion: 1 }, // from there on it goes like any other
  upcast: ({ roomNumber, name, day }) => ({ room: roomNumber, guest: name, from: day }),
})
// #endregion renamed

// #region split
const taxIsPaidApart = upcaster({
  from: { type: 'bill-paid', schemaVersion: 1 },
  to: [RoomPaid, TaxPaid],
  upcast: ({ room, total, tax }: { room: string; total: number; tax?: number }) => [
    { 'room-paid': { room, price: `${total - (tax ?? 0)}` } },
    ...(tax === undefined ? [] : [{ 'tax-paid': { room, tax: `${tax}` } }]),
  ],
})
// #endregion split

// #region dropped
const viewsDoNotMatter = upcaster({ from: { type: 'room-viewed', schemaVersion: 1 }, to: [] })
// #endregion dropped

export const hotelUpcasters = [guestsAreSeveral, bookingHasATime, reservedIsBooked, taxIsPaidApart, viewsDoNotMatter]
