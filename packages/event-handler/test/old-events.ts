import { type EventStore, EventTypes, systemRuntime, upcaster } from '@writ/event-store'
import { Deposited, Renamed, Withdrawn } from './bank-events.js'

/** Knows what the bank's events were called in earlier years: a move is a withdrawal and a deposit today, a note is nothing. */
export const oldAndNewEvents = new EventTypes([Deposited, Withdrawn, Renamed], {
  upcasters: [
    upcaster({
      from: { type: 'moved', schemaVersion: 1 },
      to: [Withdrawn, Deposited],
      upcast: ({ from, to, amount }: { from: string; to: string; amount: number }) => [
        { withdrawn: { account: from, amount } },
        { deposited: { account: to, amount } },
      ],
    }),
    upcaster({
      from: { type: 'paid-in', schemaVersion: 1 },
      to: [Deposited],
      upcast: ({ account, amounts }: { account: string; amounts: number[] }) =>
        amounts.map((amount) => ({ deposited: { account, amount } })),
    }),
    upcaster({ from: { type: 'noted', schemaVersion: 1 }, to: [] }),
  ],
})

/** Appends an event as it was stored in earlier years. @returns its position */
export async function appendOld(store: EventStore, type: 'moved' | 'paid-in' | 'noted', data: object): Promise<number> {
  const event = { id: systemRuntime.uuid(), type, schemaVersion: 1, data: JSON.stringify(data), metadata: '{}', tags: [] }
  return (await store.append({ stream: 'account-a', events: [event] })).position
}
