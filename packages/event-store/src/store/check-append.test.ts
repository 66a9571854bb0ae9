import { thrown } from '../../test/thrown.js'
import type { Append } from './append.js'
import { checkAppend, MAX_EVENT_BYTES } from './check-append.js'
import type { NewEvent } from './new-event.js'

const id = '0190d3a8-0000-7000-8000-000000000001'
const event = (given: Partial<NewEvent> = {}): NewEvent => {
  return { id, type: 'money-deposited', schemaVersion: 1, data: '{}', metadata: '{}', tags: [], ...given }
}
const append = (given: Partial<Append> = {}): Append => ({ stream: 'account-1', events: [event()], ...given })

// What adapters do with malformed input is the conformance suite's to ask; here stand the edges of what is well-formed.
describe('checkAppend', () => {
  it.each<[string, Partial<Append>]>([
    ['no events', { events: [] }],
    ['an event of exactly 1 MiB', { events: [event({ data: 'x'.repeat(MAX_EVENT_BYTES - 2) })] }],
    [
      'an event of exactly 1 MiB of emoji',
      { events: [event({ data: '💶'.repeat((MAX_EVENT_BYTES - 4) / 4), metadata: '{  }' })] },
    ],
    ['names of 256 characters', { events: [event({ type: 't'.repeat(256), tags: ['é'.repeat(256)] })] }],
    ['32 tags', { events: [event({ tags: Array.from({ length: 32 }, (_, index) => `t${index}`) })] }],
    ['schema version 32,767', { events: [event({ schemaVersion: 32_767 })] }],
    [
      'a receipt of all events, and one of none',
      { receipts: [0, 1].map((n) => ({ commandId: `c${n}`, eventsUpTo: n, body: '{}' })) },
    ],
    ['a condition after 0', { condition: { failIfMatch: { items: [{ types: ['a'] }] }, after: 0 } }],
  ])('takes %s', (_, given) => {
    expect(() => checkAppend(append(given))).not.toThrow()
  })

  it('counts bytes, of data and metadata together', () => {
    for (const given of [
      { data: 'x'.repeat(MAX_EVENT_BYTES - 1) },
      { data: 'é'.repeat(MAX_EVENT_BYTES / 2) },
      { data: '', metadata: 'x'.repeat(MAX_EVENT_BYTES + 1) },
    ]) {
      expect(thrown('invalid-append', () => checkAppend(append({ events: [event(given)] }))).message).toContain('weighs 10485')
    }
  })

  it('names the stream, the culprit and a remedy, and repeats no payload', () => {
    const events = [event(), event({ data: `"secret${'x'.repeat(MAX_EVENT_BYTES)}"` })]
    const { message } = thrown('invalid-append', () => checkAppend(append({ events })))
    expect(message).toMatch(/'account-1'.*'money-deposited' weighs \d+ bytes.*store the bulk elsewhere/)
    expect(message).not.toContain('secret')
  })

  it('takes only undefined for an expected version that was left out', () => {
    expect(() => checkAppend({ ...append(), expectedVersion: undefined as never })).not.toThrow()
    thrown('invalid-append', () => checkAppend(append({ expectedVersion: null as never })))
  })
})
