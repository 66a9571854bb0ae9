import type { Operation } from '@writ/event-store-conformance'

const event = { type: 1, schemaVersion: 1, data: '{}', metadata: '{}', tags: [3] }

/** Lists of operations on which PostgreSQL and memory once differed, as the random search shortened them. */
export const disagreements: readonly (readonly Operation[])[] = [
  // A query from a later to an earlier position: memory read past its end.
  [
    { kind: 'append', stream: 0, events: [{ ...event, id: 0 }] },
    { kind: 'append', stream: 0, events: [{ ...event, id: 1 }] },
    { kind: 'read all', options: { from: 1, to: 0, query: { items: [{ types: [1], tags: [3] }] } } },
  ],
  // Malformed JSON beside a stale version: PostgreSQL told of the version.
  [
    { kind: 'append', stream: 0, events: [{ ...event, id: 0 }] },
    { kind: 'append', stream: 0, events: [{ ...event, id: 1, data: '{' }], expects: 0 },
  ],
  // A receipt that is no JSON: both took it, and one that holds a control character only memory did.
  [{ kind: 'append', stream: 0, events: [], receipts: [{ command: 0, eventsUpTo: 0, body: '"\u001f"' }] }],
  // A lease that a heartbeat names twice: PostgreSQL lengthened it, and told that it was lost.
  [
    { kind: 'register', subscription: 0, startAfter: 0, partitions: 1 },
    { kind: 'acquire', subscription: 0, partition: 0, owner: 1, lease: 'long' },
    { kind: 'acquire', subscription: 0, partition: 0, owner: 1, lease: 'long' },
    { kind: 'heartbeat', owner: 1, lease: 'long' },
  ],
  // A stale version of a deleted stream whose events are to be taken out: memory told of events that nobody may read.
  [
    { kind: 'append', stream: 0, events: [{ ...event, id: 0 }] },
    { kind: 'append', stream: 0, events: [{ ...event, id: 1 }] },
    { kind: 'delete stream', stream: 0 },
    { kind: 'delete stream', stream: 0, expects: 1, hard: true },
  ],
]
