import { z } from 'zod'
import { isoDate } from '../../test/codecs.js'
import { stored as anyStored } from '../../test/stored.js'
import { thrown } from '../../test/thrown.js'
import {
  type DuplicateEventTypeError,
  Event,
  EventTypes,
  eventsOf,
  type StoredEvent,
  silentLogger,
  type UndecodableEventError,
  UnknownEvent,
  type UnknownEventTypeError,
  upcaster,
} from '../index.js'

class MoneyDeposited extends Event('money-deposited', z.object({ account: z.string(), amount: z.int() }), { schemaVersion: 2 }) {}
class Booked extends Event('booked', z.object({ at: isoDate })) {}

const fromOne = upcaster({
  from: { type: 'money-deposited', schemaVersion: 1 },
  to: MoneyDeposited,
  upcast: (data: { account: string; amount: number }) => data,
})
const types = new EventTypes([MoneyDeposited, Booked], { upcasters: [fromOne] })
const decoded = (given: Partial<StoredEvent> = {}) => types.decode(stored(given))[0]!

const stored = (given: Partial<StoredEvent> = {}) => anyStored({ schemaVersion: 2, ...given })

describe('EventTypes', () => {
  it('makes a recorded event of a stored one', () => {
    const event = decoded()
    const { data, metadata, ...rest } = stored()
    expect(types.decode(stored())).toEqual([event])
    expect(event).toEqual({
      ...rest,
      part: 0,
      data: new MoneyDeposited({ account: '42', amount: 500 }),
      metadata: { actor: 'ann' },
    })
    expect(event.data).toBeInstanceOf(MoneyDeposited)
    expect(Object.isFrozen(event.data)).toBe(true)
  })

  it('gives a date that can be changed without changing what is stored', () => {
    const event = stored()
    types.decode(event)[0]!.createdAt.setFullYear(1999)
    expect(event).toEqual(stored())
  })

  it('runs codecs where a schema has some', () => {
    const event = decoded({ type: 'booked', schemaVersion: 1, data: '{"at":"1970-01-01T00:00:00.005Z"}' })
    expect(event.data).toEqual(new Booked({ at: new Date(5) }))
  })

  it('reads, without checking it again, what an earlier rule let through', () => {
    const { data } = decoded({ data: '{"account":"42","amount":-1,"gone":true}' })
    expect({ ...data }).toEqual({ account: '42', amount: -1, gone: true })
  })

  it('lists the names that it knows', () => {
    expect(types.names).toEqual(['money-deposited', 'booked'])
  })

  it('takes one class or upcaster twice, as two modules may name it', () => {
    expect(new EventTypes([Booked, MoneyDeposited, Booked], { upcasters: [fromOne, fromOne] }).names).toEqual([
      'booked',
      'money-deposited',
    ])
  })

  it('refuses two classes of one type, and names both', () => {
    class Reserved extends Event('booked', z.object({})) {}
    const error = thrown<DuplicateEventTypeError>(
      'duplicate-event-type',
      () => new EventTypes([Booked, MoneyDeposited, Reserved]),
    )
    expect(error).toMatchObject({ type: 'booked', classNames: ['Booked', 'Reserved'] })
    expect(error.message).toMatch(/'booked'.*Booked and Reserved/)
  })

  it('refuses a type that no class claims, and names its place and the nearest type', () => {
    const error = thrown<UnknownEventTypeError>('unknown-event-type', () => types.decode(stored({ type: 'money-depositd' })))
    expect(error).toMatchObject({ type: 'money-depositd', stream: 'account-42', version: 7, position: 99 })
    expect(error.message).toMatch(/position 99 \(account-42, version 7\).*'money-deposited'/)
  })

  it('names no nearest type where none is near', () => {
    expect(thrown('unknown-event-type', () => types.decode(stored({ type: 'zebra' }))).message).not.toContain('nearest')
  })

  it('refuses a schema version that is newer than the code', () => {
    const error = thrown<UndecodableEventError>('undecodable-event', () => types.decode(stored({ schemaVersion: 3 })))
    expect(error).toMatchObject({ type: 'money-deposited', stream: 'account-42', version: 7, position: 99 })
    expect(error.message).toMatch(/schema version 3.*up to 2.*deploy/)
  })

  it.each([
    ['that is cut off', '{"account":'],
    ['that is text', '"text"'],
    ['that is a list', '[1]'],
    ['that is null', 'null'],
  ])('refuses data %s, with the cause', (_, data) => {
    const error = thrown<UndecodableEventError>('undecodable-event', () => types.decode(stored({ data })))
    expect(error).toMatchObject({ position: 99, cause: expect.any(Error) })
    expect(error.message).toContain('MoneyDeposited')
  })

  it('refuses data that a codec can not read, with the cause', () => {
    const broken = stored({ type: 'booked', schemaVersion: 1, data: '{"at":"yesterday"}' })
    const error = thrown<UndecodableEventError>('undecodable-event', () => types.decode(broken))
    expect(error.cause).toMatchObject({ code: 'invalid-event', issues: [{ path: 'at' }] })
  })

  it('refuses metadata that is no JSON, with the place', () => {
    const error = thrown<UndecodableEventError>('undecodable-event', () => types.decode(stored({ metadata: '{' })))
    expect(error).toMatchObject({ position: 99, cause: expect.any(Error) })
  })
})

describe('why no event is of a type today', () => {
  const renamed = upcaster({ from: { type: 'money-paid-in', schemaVersion: 1 }, to: MoneyDeposited, upcast: () => ({}) as never })
  const why = (type: string, unknownEvents: 'refuse' | 'pass' = 'refuse') =>
    new EventTypes([], {
      upcasters: [{ ...renamed, to: [{ type: 'money-deposited', schemaVersion: 2 }] }, fromOne],
      unknownEvents,
    }).whyNeverOf(type)

  it('is not told of one that a class claims, and of one that passes', () => {
    expect([why('money-deposited'), why('painted', 'pass')]).toEqual([undefined, undefined])
  })

  it('tells of a name of earlier years, and of the nearest one', () => {
    expect([why('money-paid-in'), why('money-paid-in', 'pass')]).toEqual(Array(2).fill(expect.stringContaining('earlier years')))
    expect(why('money-depositd')).toContain("'money-deposited'")
    expect(why('zebra')).not.toContain('nearest')
  })
})

describe('events of unknown types', () => {
  it('are passed on as what they are, where that is asked for', () => {
    const passing = new EventTypes([Booked], { unknownEvents: 'pass' })
    const [event, ...others] = passing.decode(stored())
    expect(others).toEqual([])
    expect(event).toMatchObject({ type: 'money-deposited', schemaVersion: 2, position: 99, part: 0, metadata: { actor: 'ann' } })
    expect(event!.data).toBeInstanceOf(UnknownEvent)
    expect(event!.data).toEqual(new UnknownEvent('money-deposited', 2, { account: '42', amount: 500 }))
    expect(Object.isFrozen(event!.data)).toBe(true)
  })

  it('are nothing to who asks only what happened', () => {
    expect(new EventTypes([Booked], { unknownEvents: 'pass' }).decodeData(stored())).toEqual([])
  })

  it('are told of once a type, and counted', () => {
    const told: unknown[] = []
    const logger = { ...silentLogger, warn: (facts: object, message: string) => told.push([facts, message]) }
    const passing = new EventTypes([Booked], { unknownEvents: 'pass', logger })
    for (const type of ['a', 'b', 'a']) passing.decode(stored({ type }))
    passing.decodeData(stored({ type: 'a' }))
    expect(told).toEqual([
      [{ type: 'a', stream: 'account-42', position: 99 }, expect.stringContaining('unknown type')],
      [{ type: 'b', stream: 'account-42', position: 99 }, expect.stringContaining('unknown type')],
    ])
    expect([...passing.unknownEvents]).toEqual([
      ['a', 3],
      ['b', 1],
    ])
  })

  it('are refused or passed, and nothing else is understood', () => {
    for (const options of [{ unknownEvents: 'ignore' }, { unknownEvent: 'pass' }]) {
      thrown('invalid-option', () => new EventTypes([], options as never))
    }
  })

  it('are none where the type is known and the version is newer, or the data is no JSON', () => {
    const passing = new EventTypes([MoneyDeposited], { unknownEvents: 'pass', upcasters: [fromOne] })
    thrown('undecodable-event', () => passing.decode(stored({ schemaVersion: 3 })))
    thrown('undecodable-event', () => passing.decode(stored({ type: 'a', data: '{' })))
    const past = upcaster({ from: { type: 'a', schemaVersion: 1 }, to: [] })
    const newer = new EventTypes([], { unknownEvents: 'pass', upcasters: [past] })
    expect(thrown('undecodable-event', () => newer.decode(stored({ type: 'a' }))).message).toMatch(/version 2.*up to 1/)
  })
})

describe('eventsOf', () => {
  it('gives one after another what comes in pages', async () => {
    async function* pages() {
      yield [1, 2]
      yield []
      yield [3]
    }
    const events: number[] = []
    for await (const event of eventsOf(pages())) events.push(event)
    expect(events).toEqual([1, 2, 3])
  })

  it('lets go of the pages when it is left early', async () => {
    let isClosed = false
    async function* pages() {
      try {
        yield [1, 2]
      } finally {
        isClosed = true
      }
    }
    for await (const _ of eventsOf(pages())) break
    expect(isClosed).toBe(true)
  })
})
