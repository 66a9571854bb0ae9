import { type NewEvent, systemRuntime } from '@writ/event-store'
import { inMemoryEventStore } from '@writ/event-store-memory'
import { everyAccount, partsOf, takeSeat } from './reading-events.js'

const event = (type: string, tags: readonly string[] = [], metadata = '{}'): NewEvent => ({
  id: systemRuntime.uuid(),
  type,
  schemaVersion: 1,
  data: '{}',
  metadata,
  tags,
})

describe('the samples of reading events', () => {
  it('read what they say, and no more', async () => {
    const store = inMemoryEventStore()
    await store.start()
    const correlated = '{"correlationId":"request-9"}'
    await store.append({ stream: 'account-1', events: [event('account-opened'), event('money-deposited', [], correlated)] })
    await store.append({ stream: 'account-2', events: [event('money-deposited')] })
    await store.append({ stream: 'account-3', events: [event('account-opened')] })
    await store.append({ stream: 'till-1', events: [event('money-deposited', [], correlated)] })
    const waiting = event('waited', ['waiting-list', 'course:7'])
    await store.append({ stream: 'seat-1', events: [event('seat-taken', ['course:7']), event('seat-taken'), waiting] })
    expect(await partsOf(store)).toEqual({ seats: 2, deposits: 2, request: 2, newest: [8, 7] })
    expect(await everyAccount(store)).toEqual(['account-1 at 2', 'account-2 at 1', 'account-3 at 1'])
  })

  it('take the last seat once, when two want it at the same time', async () => {
    const store = inMemoryEventStore()
    await store.start()
    const seat = () => event('seat-taken', ['course:7'])
    const outcomes = await Promise.allSettled([takeSeat(store, seat(), '7', 1), takeSeat(store, seat(), '7', 1)])
    expect(outcomes[0]).toMatchObject({ value: 'taken' })
    expect(outcomes[1]).toMatchObject({ reason: { code: 'append-condition-failed' } })
    expect(await takeSeat(store, seat(), '7', 1)).toBe('full')
  })
})
