import { z } from 'zod'
import { bigIntText, isoDate } from '../../test/codecs.js'
import { stored } from '../../test/stored.js'
import { thrown } from '../../test/thrown.js'
import {
  Event,
  EventTypes,
  type InvalidUpcasterError,
  newEvent,
  type StoredEvent,
  type StoredFacts,
  type UndecodableEventError,
  upcaster,
} from '../index.js'

class AccountOpened extends Event('account-opened', z.object({ account: z.string(), owner: z.string(), openedAt: isoDate }), {
  schemaVersion: 3,
}) {}
class MoneyWithdrawn extends Event('money-withdrawn', z.object({ account: z.string(), cents: bigIntText })) {}
class MoneyDeposited extends Event('money-deposited', z.object({ account: z.string(), cents: bigIntText })) {}

const upcasters = [
  upcaster({
    from: { type: 'account-opened', schemaVersion: 1 },
    to: { type: 'account-opened', schemaVersion: 2 },
    upcast: ({ name, ...data }) => ({ ...data, owner: name }),
  }),
  upcaster({
    from: { type: 'account-opened', schemaVersion: 2 },
    to: AccountOpened,
    upcast: (data: { account: string; owner: string }, { createdAt }) => ({ ...data, openedAt: createdAt.toISOString() }),
  }),
  upcaster({
    from: { type: 'account-created', schemaVersion: 1 },
    to: { type: 'account-opened', schemaVersion: 2 },
    upcast: ({ id, owner }) => ({ account: id, owner }),
  }),
  upcaster({
    from: { type: 'money-transferred', schemaVersion: 1 },
    to: [MoneyWithdrawn, MoneyDeposited],
    upcast: ({ from, to, amount }: { from: string; to: string; amount: number }) => [
      { 'money-withdrawn': { account: from, cents: `${amount * 100}` } },
      { 'money-deposited': { account: to, cents: `${amount * 100}` } },
    ],
  }),
  upcaster({ from: { type: 'account-viewed', schemaVersion: 1 }, to: [] }),
  upcaster({
    from: { type: 'money-adjusted', schemaVersion: 1 },
    to: [MoneyDeposited],
    upcast: ({ account, amounts }: { account: string; amounts: number[] }) =>
      amounts.map((amount) => ({ 'money-deposited': { account, cents: `${amount}` } })),
  }),
]
const types = new EventTypes([AccountOpened, MoneyWithdrawn, MoneyDeposited], { upcasters })
const at = new Date('2024-05-06T07:08:09.123Z')

describe('an upcaster', () => {
  it('gives an event of an older version the shape of today, step by step, its codecs last', () => {
    const old = stored({ type: 'account-opened', schemaVersion: 1, data: '{"account":"42","name":"Ann"}', createdAt: at })
    const [event, ...others] = types.decode(old)
    expect(others).toEqual([])
    expect(event).toMatchObject({ id: old.id, type: 'account-opened', schemaVersion: 3, part: 0, position: 99, version: 7 })
    expect(event!.data).toEqual(new AccountOpened({ account: '42', owner: 'Ann', openedAt: at }))
    expect(event!.data).toBeInstanceOf(AccountOpened)
    expect(types.decodeData(old)).toEqual([event!.data])
  })

  it('leads into the middle of the chain of another type', () => {
    const [event] = types.decode(stored({ type: 'account-created', data: '{"id":"42","owner":"Ann"}', createdAt: at }))
    expect(event).toMatchObject({ type: 'account-opened', schemaVersion: 3 })
    expect(event!.data).toEqual(new AccountOpened({ account: '42', owner: 'Ann', openedAt: at }))
  })

  it('makes several events of one, which share id, version and position and are told apart by their part', () => {
    const events = types.decode(stored({ type: 'money-transferred', data: '{"from":"1","to":"2","amount":5}' }))
    expect(events).toMatchObject([
      { id: stored().id, type: 'money-withdrawn', schemaVersion: 1, version: 7, position: 99, part: 0 },
      { id: stored().id, type: 'money-deposited', schemaVersion: 1, version: 7, position: 99, part: 1 },
    ])
    expect(events.map(({ data }) => data)).toEqual([
      new MoneyWithdrawn({ account: '1', cents: 500n }),
      new MoneyDeposited({ account: '2', cents: 500n }),
    ])
  })

  it('makes as many events of one type as the data tells, or none', () => {
    const cents = (data: string) =>
      types.decode(stored({ type: 'money-adjusted', data })).map(({ data, part }) => [(data as MoneyDeposited).cents, part])
    expect(cents('{"account":"1","amounts":[3,4,5]}')).toEqual([
      [3n, 0],
      [4n, 1],
      [5n, 2],
    ])
    expect(cents('{"account":"1","amounts":[]}')).toEqual([])
  })

  it('drops an event whose upcaster leads to nothing', () => {
    const viewed = stored({ type: 'account-viewed', data: '{}' })
    expect(types.decode(viewed)).toEqual([])
    expect(types.decodeData(viewed)).toEqual([])
  })

  describe('that looks at what else is known of the stored event', () => {
    function seenOf(event: StoredEvent) {
      const seen: StoredFacts[] = []
      const watching = upcaster({
        from: { type: 'account-viewed', schemaVersion: 1 },
        to: [MoneyDeposited],
        upcast: (_, facts) => {
          seen.push({ ...facts })
          return []
        },
      })
      new EventTypes([MoneyDeposited], { upcasters: [watching] }).decode(event)
      return seen
    }

    it('sees it as it is stored', () => {
      const event = stored({ type: 'account-viewed', data: '{}' })
      const { data, metadata, ...facts } = event
      expect(seenOf(event)).toEqual([{ ...facts, metadata: { actor: 'ann' } }])
    })

    it('sees where it was written, also where it is read by a link: it is the same event to every reader', () => {
      const event = stored({ type: 'account-viewed', data: '{}' })
      const { stream, version, position } = event
      const linked = { ...event, stream: 'audit-1', version: 1, position: 120, origin: { stream, version, position } }
      expect(seenOf(linked)).toEqual(seenOf(event))
    })

    it('can not change it for others', () => {
      const dating = (change: (facts: StoredFacts) => void) =>
        upcaster({
          from: { type: 'account-viewed', schemaVersion: 1 },
          to: [MoneyDeposited],
          upcast: (_, facts) => {
            change(facts)
            return [{ 'money-deposited': { account: '1', cents: '5' } }]
          },
        })
      const decode = (change: (facts: StoredFacts) => void) => {
        const event = stored({ type: 'account-viewed', data: '{}' })
        const [read] = new EventTypes([MoneyDeposited], { upcasters: [dating(change)] }).decode(event)
        return [event.createdAt, event.tags, read!.createdAt, read!.tags, read!.metadata]
      }
      const asStored = decode(() => {})
      expect(decode(({ createdAt }) => void createdAt.setFullYear(1999))).toEqual(asStored)
      expect(decode(({ metadata }) => void Object.assign(metadata, { actor: 'eve' }))).toEqual(asStored)
      const error = thrown('undecodable-event', () => decode(({ tags }) => void (tags as string[]).push('x')))
      expect(error.cause).toBeInstanceOf(TypeError)
    })
  })

  it('leaves events of today alone', () => {
    const today = new AccountOpened({ account: '42', owner: 'Ann', openedAt: at })
    expect(types.decode(stored({ ...newEvent(today, 'id') }))[0]!.data).toEqual(today)
  })

  it('leaves data that it could share untouched: what it gave is frozen for the next step', () => {
    const meddling = [
      upcaster({ from: { type: 'a', schemaVersion: 1 }, to: { type: 'b', schemaVersion: 1 }, upcast: (data) => data }),
      upcaster({
        from: { type: 'b', schemaVersion: 1 },
        to: MoneyDeposited,
        upcast: (data: { account: string; cents: string }) => Object.assign(data, { account: 'other' }),
      }),
    ]
    const meddled = new EventTypes([MoneyDeposited], { upcasters: meddling })
    const error = thrown('undecodable-event', () => meddled.decode(stored({ type: 'a', data: '{"account":"1","cents":"5"}' })))
    expect(error).toMatchObject({ step: meddling[1], cause: expect.any(TypeError) })
  })
})

const hostile = {
  get 'money-deposited'(): never {
    throw new Error('secret')
  },
}

describe('an upcaster that fails', () => {
  const failing = (upcast: (data: object) => unknown, to: unknown = MoneyDeposited) => {
    const step = upcaster({ from: { type: 'old', schemaVersion: 1 }, to, upcast } as never)
    const decode = (data = '{"secret":1}') =>
      new EventTypes([MoneyDeposited], { upcasters: [step] }).decode(stored({ type: 'old', data }))
    return { step, decode }
  }

  it.each<[string, (data: object) => unknown, unknown, RegExp]>([
    [
      'throws',
      () => {
        throw new RangeError('secret')
      },
      MoneyDeposited,
      /threw an error/,
    ],
    ['gives nothing', () => undefined, MoneyDeposited, /no object as its data/],
    ['gives a list where data belongs', () => [], MoneyDeposited, /no object as its data/],
    ['gives a date where its text belongs', () => ({ account: new Date(0) }), MoneyDeposited, /a date has to be the text/],
    ['gives a promise', () => Promise.resolve({}), MoneyDeposited, /gave a promise/],
    ['gives a list of promises', () => [Promise.resolve({})], [MoneyDeposited], /gave a promise/],
    ['gives data that throws when it is looked at', () => [hostile], [MoneyDeposited], /JSON would change or lose/],
    // biome-ignore lint/suspicious/noSparseArray: as a hostile upcaster may give one
    ['gives a list with a hole', () => [, { 'money-deposited': {} }], [MoneyDeposited], /JSON would change or lose/],
    [
      'gives what a codec can not read',
      () => ({ account: '1', cents: 'five' }),
      MoneyDeposited,
      /can't be read by MoneyDeposited/,
    ],
    ['gives data where a list belongs', (data) => data, [MoneyDeposited], /no list/],
    ['gives a part without a type', () => [{}], [MoneyDeposited], /not one \{ \[type\]: data \}/],
    ['gives a part of another type', () => [{ x: {} }], [MoneyDeposited], /'x', which its 'to' does not declare/],
    ['gives null as a part', () => [null], [MoneyDeposited], /not one \{/],
    ['gives a part without data', () => [{ 'money-deposited': null }], [MoneyDeposited], /no object as its data/],
  ])('is named, with the place of the event, when it %s', (_, upcast, to, why) => {
    const { step, decode } = failing(upcast, to)
    const error = thrown<UndecodableEventError>('undecodable-event', () => decode())
    expect(error).toMatchObject({ type: 'old', stream: 'account-42', version: 7, position: 99, step })
    expect(error.message).toMatch(/from 'old' version 1 to 'money-deposited' version 1/)
    expect(error.message).toMatch(why)
    expect(error.message).not.toContain('secret')
  })

  it('does not end the process where it promises data and fails later', async () => {
    const later = () => Promise.reject(new Error('too late'))
    for (const [upcast, to] of [
      [later, MoneyDeposited],
      [() => [later(), later()], [MoneyDeposited]],
    ] as const) {
      thrown('undecodable-event', () => failing(upcast, to).decode())
    }
    // A rejection that nobody handles fails the test that waits here.
    await new Promise((resolve) => setImmediate(resolve))
  })

  it('keeps the cause', () => {
    const cause = new RangeError('no')
    const { decode } = failing(() => {
      throw cause
    })
    expect(thrown('undecodable-event', decode).cause).toBe(cause)
  })

  it.each(['{', '[1]', '"text"', 'null'])('is not asked where the stored data is %s', (data) => {
    let asked = 0
    const { decode } = failing(() => ++asked)
    expect(thrown('undecodable-event', () => decode(data))).toMatchObject({ position: 99 })
    expect(asked).toBe(0)
  })

  it('is not blamed for metadata that is no JSON', () => {
    const looking = upcaster({
      from: { type: 'old', schemaVersion: 1 },
      to: [MoneyDeposited],
      upcast: (_, { metadata }) => (metadata.actor ? [] : []),
    })
    const old = stored({ type: 'old', data: '{}', metadata: '{' })
    const error = thrown('undecodable-event', () => new EventTypes([MoneyDeposited], { upcasters: [looking] }).decode(old))
    expect(error.message).toContain('metadata is not JSON')
  })
})

describe('upcaster({ … })', () => {
  const from = { type: 'money-deposited', schemaVersion: 1 }
  const upcast = () => ({})

  it.each<[string, object, string]>([
    ['no from', { to: MoneyDeposited, upcast }, "'from' must be"],
    ['a from without a version', { from: { type: 'a' }, to: MoneyDeposited, upcast }, "'from' must be"],
    ['a version 0', { from: { type: 'a', schemaVersion: 0 }, to: MoneyDeposited, upcast }, "'from' must be"],
    ["a type of Writ's own", { from: { type: '$link', schemaVersion: 1 }, to: [] }, "Writ's own"],
    ['no to', { from, upcast }, 'circular import'],
    ['a class that is not there yet', { from, to: [undefined], upcast }, 'circular import'],
    ['a to that is text', { from, to: 'money-deposited', upcast }, "'to' must be"],
    [
      'a step over a version',
      { from, to: { ...from, schemaVersion: 3 }, upcast },
      "name { type: 'money-deposited', schemaVersion: 2 }",
    ],
    ['a step back', { from: { ...from, schemaVersion: 2 }, to: from, upcast }, 'the next version'],
    ['a step to itself', { from, to: from, upcast }, 'the next version'],
    ['one type twice', { from, to: [AccountOpened, { type: 'account-opened', schemaVersion: 1 }], upcast }, 'twice'],
    ['no function', { from, to: MoneyWithdrawn }, "'upcast' must be a function"],
    ['a function that is asynchronous', { from, to: MoneyWithdrawn, upcast: async () => ({}) }, 'without waiting'],
    ['no function for a list', { from, to: [MoneyWithdrawn] }, "'upcast' must be a function"],
  ])('is refused for %s', (_, definition, why) => {
    const error = thrown<InvalidUpcasterError>('invalid-upcaster', () => upcaster(definition as never))
    expect(error.message).toContain(why)
  })

  it('is a plain value, and frozen', () => {
    const made = upcaster({ from, to: { ...from, schemaVersion: 2 }, upcast })
    expect(made).toEqual({ from, to: [{ ...from, schemaVersion: 2 }], gives: 'data', upcast })
    expect(Object.isFrozen(made)).toBe(true)
  })
})
