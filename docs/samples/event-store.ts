// #region append
import { Event, type EventStore, EventTypes, eventsOf, newEvent, systemRuntime } from '@writ/event-store'
import { z } from 'zod'

class MoneyDeposited extends Event('money-deposited', z.object({ account: z.string(), amount: z.int().positive() })) {}

export async function deposits(store: EventStore) {
  await store.start()
  const deposited = new MoneyDeposited({ account: '42', amount: 500 }) // checked against its schema, and frozen
  await store.append({
    stream: 'account-42',
    events: [newEvent(deposited, systemRuntime.uuid())],
    expectedVersion: 'no-stream', // refused, with what was missed, when another writer was first
  })
  const types = new EventTypes([MoneyDeposited])
  const amounts: number[] = []
  for await (const stored of eventsOf(store.readStream('account-42'))) {
    for (const { data } of types.decode(stored)) if (data instanceof MoneyDeposited) amounts.push(data.amount)
  }
  return amounts
}
// #endregion append
