import type { StoredEvent } from '../src/index.js'

/** A stored event with this and that, in the seventh place of a stream. */
export function stored(given: Partial<StoredEvent> = {}): StoredEvent {
  return {
    id: '0190d3a8-0000-7000-8000-000000000001',
    type: 'money-deposited',
    schemaVersion: 1,
    data: '{"account":"42","amount":500}',
    metadata: '{"actor":"ann"}',
    tags: ['account:42'],
    stream: 'account-42',
    version: 7,
    position: 99,
    createdAt: new Date(5),
    ...given,
  }
}
