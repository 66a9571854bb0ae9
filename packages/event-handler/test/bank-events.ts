import { Event, type EventStore, EventTypes, newEvent, systemRuntime } from '@writ/event-store'
import { z } from 'zod'

export class Deposited extends Event('deposited', z.object({ account: z.string(), amount: z.int() })) {}
export class Withdrawn extends Event('withdrawn', z.object({ account: z.string(), amount: z.int() })) {}
export class Renamed extends Event('renamed', z.object({ name: z.string() })) {}

export const bankEvents = new EventTypes([Deposited, Withdrawn, Renamed])

export const deposited = (amount: number, account = 'a') => new Deposited({ account, amount })
export const withdrawn = (amount: number, account = 'a') => new Withdrawn({ account, amount })

/** Appends events to one stream and answers with the last one's position. */
export async function append(store: EventStore, ...events: (Deposited | Withdrawn | Renamed)[]): Promise<number> {
  const appended = await store.append({
    stream: 'account-a',
    events: events.map((event) => newEvent(event, systemRuntime.uuid())),
  })
  return appended.position
}

/** Appends events to the stream of an account and answers with the last one's position. */
export async function appendTo(store: EventStore, account: string, ...amounts: number[]): Promise<number> {
  const events = amounts.map((amount) => newEvent(deposited(amount, account), systemRuntime.uuid()))
  return (await store.append({ stream: `account-${account}`, events })).position
}

/** Appends `count` deposits of 1, 2, 3, … and answers with the last one's position. */
export async function appendDeposits(store: EventStore, count: number): Promise<number> {
  let position = 0
  for (let done = 0; done < count; done += 5_000) {
    const size = Math.min(5_000, count - done)
    position = await append(store, ...Array.from({ length: size }, (_, index) => deposited(done + index + 1)))
  }
  return position
}
