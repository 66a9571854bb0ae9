import { Event } from '@writ/event-store'
import { z } from 'zod'

// #region codecs
const date = z.codec(z.iso.datetime(), z.date(), {
  decode: (text) => new Date(text),
  encode: (day) => day.toISOString(),
})
const cents = z.codec(z.string().regex(/^\d+$/), z.bigint(), {
  decode: (text) => BigInt(text),
  encode: (amount) => amount.toString(),
})
const names = z.codec(z.array(z.string()), z.set(z.string()), {
  decode: (list) => new Set(list),
  encode: (set) => [...set],
})
// #endregion codecs

// #region events
export class RoomBooked extends Event(
  'room-booked',
  z.object({ room: z.string(), guests: names, from: date, bookedAt: date }),
  { schemaVersion: 3 }, // raised whenever the shape changed
) {}
export class RoomPaid extends Event('room-paid', z.object({ room: z.string(), price: cents })) {}
export class TaxPaid extends Event('tax-paid', z.object({ room: z.string(), tax: cents })) {}
// #endregion events
