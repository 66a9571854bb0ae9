import fc from 'fast-check'
import type { AppendOperation, EventGiven, QueryGiven, RepeatOperation } from './operation.js'
import { few, given, mostly, nothing, place, type Supports, sometimes, stream } from './random-values.js'

export const command = few(0, 20)
const by = sometimes(few(0, 1))

const json = fc.oneof(
  fc.constantFrom('{}', '{ "a" : 1.0,"a":1e2 }', '"\\u0000\\ud83d"', '"💶 it\'s"', 'null', '[]', ' [1,\n2]\t'),
  fc.json({ maxDepth: 2 }),
)

const event = given<EventGiven>({
  id: fc.oneof({ weight: 30, arbitrary: few(0, 100_000) }, { weight: 1, arbitrary: few(0, 3) }),
  type: few(0, 3),
  schemaVersion: mostly(fc.constantFrom(1, 1, 1, 2, 32_767), 0, 1.5, 32_768),
  data: mostly(json, '{', '', '"\u001f"', '"\ud83d"'),
  metadata: mostly(fc.constantFrom('{}', '{"correlationId":"c-1"}', '{ "a" : 1.0 }'), '', '{]', '\u001f'),
  tags: fc.array(few(0, 4), { maxLength: 3 }),
})

const types = fc.array(few(0, 3), { minLength: 1, maxLength: 3 })
const tags = fc.array(few(0, 4), { minLength: 1, maxLength: 2 })

export const query: fc.Arbitrary<QueryGiven> = fc.record({
  items: mostly(
    fc.array(fc.oneof(fc.record({ types }), fc.record({ tags }), fc.record({ types, tags })), { minLength: 1, maxLength: 3 }),
    [],
    [{}],
    [{ types: [] }],
    [{ tags: [] }],
  ),
})

const receipts = fc.array(
  fc.record({ command, eventsUpTo: mostly(few(0, 1), -1, 9), body: mostly(fc.constantFrom('{}', '"done"'), 'done') }),
  { minLength: 1, maxLength: 2 },
)

const links = fc.array(fc.record({ id: few(200_000, 300_000), place: few(1, 12) }), { minLength: 1, maxLength: 2 })

const expects: fc.Arbitrary<AppendOperation['expects']> = fc.oneof(
  fc.constantFrom<AppendOperation['expects'][]>('any', 'no-stream', 'stream-exists', 0, undefined),
  fc.record({ seen: fc.constantFrom(0, 0, 0, 0, -1, 1) }),
  few(0, 6),
)

export const randomAppend = (supports: Supports): fc.Arbitrary<AppendOperation> =>
  given<AppendOperation>({
    kind: fc.constant('append'),
    stream,
    events: fc.oneof(
      { weight: 4, arbitrary: event.map((one) => [one]) },
      { weight: 3, arbitrary: fc.array(event, { maxLength: 5 }) },
    ),
    expects: mostly<AppendOperation['expects']>(expects, -5, 1.5, '3', null),
    condition: supports('conditions') ? sometimes(fc.record({ query, after: mostly(place, -1, 0.5) }), 3) : nothing,
    links: supports('links') ? sometimes(links, 8) : nothing,
    receipts: supports('receipts') ? sometimes(receipts, 5) : nothing,
    by,
  })

export const randomRepetition: fc.Arbitrary<RepeatOperation> = given<RepeatOperation>({
  kind: fc.constant('repeat'),
  which: few(0, 20),
  change: sometimes(
    fc.constantFrom('first data', 'stream', 'order', 'only the first event', 'one event more', 'expected version', 'metadata'),
  ),
  by,
})
