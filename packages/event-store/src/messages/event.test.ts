import { z } from 'zod'
import { thrown } from '../../test/thrown.js'
import {
  Command,
  Event,
  eventClassOf,
  type InvalidMessageError,
  isCommand,
  isEvent,
  isEventClass,
  newEvent,
  type ValueNotStorableError,
} from '../index.js'

class MoneyDeposited extends Event('money-deposited', z.object({ account: z.string().min(1), amount: z.int().positive() })) {}

class OrderPlaced extends Event(
  'order-placed',
  z.object({
    order: z.string(),
    lines: z.array(z.object({ item: z.string(), price: z.number(), note: z.string().optional() })),
    address: z.object({ city: z.string() }).nullable().optional(),
    extra: z.any(),
  }),
  { schemaVersion: 3, tags: ({ order, lines }) => [`order:${order}`, ...lines.map(({ item }) => `item:${item}`)] },
) {}

const order = { order: '7', lines: [{ item: 'pen', price: 1.5 }], extra: null }

function issuesOf(attempt: () => unknown): readonly { path: string; message: string }[] {
  return thrown<InvalidMessageError>('invalid-event', attempt).issues
}

describe('An event', () => {
  it('is an instance of its class that holds its data', () => {
    const event = new MoneyDeposited({ account: '42', amount: 500 })
    expect(event).toBeInstanceOf(MoneyDeposited)
    expect({ ...event }).toEqual({ account: '42', amount: 500 })
    expect(event.amount).toBe(500)
  })

  it('knows type, schema and schema version by its class', () => {
    expect([MoneyDeposited.type, MoneyDeposited.schemaVersion]).toEqual(['money-deposited', 1])
    expect([OrderPlaced.type, OrderPlaced.schemaVersion]).toEqual(['order-placed', 3])
    expect(MoneyDeposited.schema.safeParse({ account: '42', amount: 500 }).success).toBe(true)
    expect(eventClassOf(new MoneyDeposited({ account: '42', amount: 500 }))).toBe(MoneyDeposited)
  })

  it('is told from copies, commands and other values', () => {
    const event = new MoneyDeposited({ account: '42', amount: 500 })
    class DepositMoney extends Command('deposit-money', z.object({})) {}
    expect([isEvent(event), isEventClass(MoneyDeposited)]).toEqual([true, true])
    for (const other of [{ ...event }, new DepositMoney({}), null, 'event', Object.create(null), MoneyDeposited]) {
      expect(isEvent(other)).toBe(false)
    }
    expect(isCommand(event)).toBe(false)
    expect(isEventClass(DepositMoney)).toBe(false)
  })

  it('is an event to a duplicate install, too', () => {
    jest.isolateModules(() => {
      const duplicate = require('../index.js') as typeof import('../index.js')
      expect(duplicate.isEvent(new MoneyDeposited({ account: '42', amount: 500 }))).toBe(true)
    })
  })

  it('is a copy of what was given, frozen to the bottom', () => {
    const event = new OrderPlaced(order)
    expect(event.lines).not.toBe(order.lines)
    expect([event, event.lines, event.lines[0]].every(Object.isFrozen)).toBe(true)
    expect(() => Object.assign(event.lines[0]!, { price: 0 })).toThrow(TypeError)
  })

  it('takes no fields of a subclass: the schema is the whole event', () => {
    class WithField extends Event('with-field', z.object({ a: z.int() })) {
      extra = 1
    }
    expect(() => new WithField({ a: 1 })).toThrow(TypeError)
  })

  it('may have getters and methods, which are not stored', () => {
    class WithMethods extends Event('with-methods', z.object({ cents: z.int() })) {
      get euros() {
        return this.cents / 100
      }
      toJSON() {
        return 'something else'
      }
    }
    const event = new WithMethods({ cents: 250 })
    expect(event.euros).toBe(2.5)
    expect(newEvent(event, 'id').data).toBe('{"cents":250}')
  })

  it('is refused with the path of every value that does not fit', () => {
    const issues = issuesOf(() => new OrderPlaced({ order: 7, lines: [{ item: 'pen', price: 'free' }], extra: 1 } as never))
    expect(issues.map(({ path }) => path)).toEqual(['order', 'lines[0].price'])
  })

  it('is refused with the type, the paths and a remedy in the message, but without the values', () => {
    const error = thrown('invalid-event', () => new MoneyDeposited({ account: 'secret-number', amount: -77 }))
    expect(error.message).toContain("The event 'money-deposited' does not fit its schema: amount: ")
    expect(error.message).toContain('Correct the data')
    expect(error.message).not.toMatch(/secret-number|77/)
  })

  it.each([
    ['null', null],
    ['undefined', undefined],
    ['text', 'text'],
    ['a list', []],
    ['a function', () => {}],
  ])('is refused when made of %s', (_, data) => {
    expect(issuesOf(() => new MoneyDeposited(data as never))[0]).toMatchObject({ path: '' })
  })

  it('is refused for 0.1 where money is counted in whole cents', () => {
    expect(issuesOf(() => new MoneyDeposited({ account: '42', amount: 0.1 }))[0]?.path).toBe('amount')
  })

  it('is refused for unknown keys, wherever they are', () => {
    const lines = [
      { item: 'pen', price: 1 },
      { item: 'ink', price: 2, prize: 3 },
    ]
    const issues = issuesOf(() => new OrderPlaced({ ...order, oder: 1, lines, address: { city: 'Ulm', zip: '1' } } as never))
    expect(issues).toEqual([
      { path: 'lines[1].prize', message: 'unknown key' },
      { path: 'oder', message: 'unknown key' },
      { path: 'address.zip', message: 'unknown key' },
    ])
  })

  it('is refused for a key named __proto__', () => {
    const data = JSON.parse('{"account":"42","amount":5,"__proto__":{"admin":true}}')
    expect(issuesOf(() => new MoneyDeposited(data))).toEqual([{ path: '__proto__', message: 'unknown key' }])
  })

  it('keeps the keys of a schema that is loose or a record', () => {
    class Loose extends Event('loose', z.object({ any: z.looseObject({ a: z.int() }), by: z.record(z.string(), z.int()) })) {}
    const data = { any: { a: 1, b: 'more' }, by: { x: 1, constructor: 2 } }
    expect({ ...new Loose(data) }).toEqual(data)
  })

  it('drops keys that are undefined, and makes 0 of -0', () => {
    const event = new OrderPlaced({
      ...order,
      lines: [{ item: 'pen', price: -0, note: undefined }],
      address: undefined,
      extra: undefined,
    })
    expect(newEvent(event, 'id').data).toBe('{"order":"7","lines":[{"item":"pen","price":0}]}')
    expect(Object.keys(event)).toEqual(['order', 'lines'])
    expect(Object.is(event.lines[0]!.price, 0)).toBe(true)
  })

  it('keeps what its schema makes of the data: trimmed text, defaults', () => {
    class Tidy extends Event('tidy', z.object({ name: z.string().trim().toLowerCase(), kind: z.string().default('plain') })) {}
    expect({ ...new Tidy({ name: '  ANN ' } as never) }).toEqual({ name: 'ann', kind: 'plain' })
  })

  it.each([
    ['a date', { at: new Date(0) }, 'extra.at'],
    ['a Map', [new Map()], 'extra[0]'],
    ['a function', () => 1, 'extra'],
    ['an integer beyond 2^53', { deep: [2 ** 60] }, 'extra.deep[0]'],
    ['half of a surrogate pair', '\ud83d', 'extra'],
  ])('is refused for %s that its schema lets through', (_, extra, path) => {
    const error = thrown<ValueNotStorableError>('value-not-storable', () => new OrderPlaced({ ...order, extra }))
    expect(error.path).toBe(path)
    expect(error.message).toContain("The event 'order-placed' can't be stored")
  })

  it('names the path of a cycle, also where the schema is recursive', () => {
    const Tree = z.object({
      get children() {
        return z.array(Tree)
      },
    })
    class Grown extends Event('grown', z.object({ tree: Tree })) {}
    const tree: { children: unknown[] } = { children: [{ children: [] }] }
    tree.children.push(tree)
    const error = thrown<ValueNotStorableError>('value-not-storable', () => new Grown({ tree } as never))
    expect(error).toMatchObject({ path: 'tree.children[1]', what: 'a cycle' })
  })

  it('is refused for a depth that exhausts the stack, with a typed error', () => {
    class Deep extends Event('deep', z.object({ json: z.json() })) {}
    let json: z.core.util.JSONType = 1
    for (let level = 0; level < 100_000; level++) json = [json]
    expect(thrown<ValueNotStorableError>('value-not-storable', () => new Deep({ json })).what).toContain('deeper')
  })
})

describe('An event class', () => {
  it.each([
    '',
    'Money',
    'money_deposited',
    'money deposited',
    '-money',
    'money-',
    'money--x',
    'geld€',
    'm'.repeat(201),
    undefined as never,
    null as never,
  ])('is refused for the type name %p', (type) => {
    expect(thrown('invalid-message-definition', () => Event(type, z.object({})))).toMatchObject({ type })
  })

  it.each(['money', 'money-deposited', 'bank.money-deposited', 'v2', 'm'.repeat(200)])('takes the type name %s', (type) => {
    expect(Event(type, z.object({})).type).toBe(type)
  })

  it.each([0, -1, 1.5, Number.NaN, 2 ** 53])('is refused for schema version %p', (schemaVersion) => {
    thrown('invalid-message-definition', () => Event('money', z.object({}), { schemaVersion }))
  })

  it.each([
    ['no schema', undefined],
    ['a schema that is no object', z.string()],
    ['a list', z.array(z.object({}))],
    ['a plain object', { a: z.string() }],
  ])('is refused for %s', (_, schema) => {
    thrown('invalid-message-definition', () => Event('money', schema as never))
  })

  it.each(['constructor', 'toString', 'valueOf'])('is refused for a field named %s', (field) => {
    thrown('invalid-message-definition', () => Event('money', z.object({ [field]: z.string() })))
  })

  const oneWay = z.string().transform((text) => text.length)
  it.each<[string, z.ZodType]>([
    ['a field', oneWay],
    ['an optional field', oneWay.optional()],
    ['a list', z.array(z.object({ deep: oneWay }))],
    ['a union', z.union([z.string(), oneWay])],
    ['a discriminated union', z.discriminatedUnion('kind', [z.object({ kind: z.literal('a'), deep: oneWay })])],
    ['a record', z.record(z.string(), oneWay)],
    ['a tuple', z.tuple([z.string(), oneWay])],
    ['a lazy schema', z.lazy(() => z.object({ deep: oneWay }))],
    ['an intersection', z.intersection(z.object({ a: z.string() }), z.object({ deep: oneWay }))],
    ['what a preprocess hides', z.preprocess(String, z.string())],
  ])('is refused for a one-way transform in %s', (_, schema) => {
    expect(thrown('invalid-message-definition', () => Event('money', z.object({ schema }))).message).toContain('z.codec')
  })

  it('is refused, when first used, for an asynchronous refinement', () => {
    class Slow extends Event('slow', z.object({ name: z.string().refine(async () => true) })) {}
    expect(thrown('invalid-message-definition', () => new Slow({ name: 'ann' })).message).toContain('asynchronous')
  })
})

describe('newEvent', () => {
  it('serialises data, metadata and tags', () => {
    const event = new OrderPlaced(order)
    expect(newEvent(event, 'an-id', { correlationId: 'c', user: { branch: 'Ulm' } })).toEqual({
      id: 'an-id',
      type: 'order-placed',
      schemaVersion: 3,
      data: '{"order":"7","lines":[{"item":"pen","price":1.5}],"extra":null}',
      metadata: '{"correlationId":"c","user":{"branch":"Ulm"}}',
      tags: ['order:7', 'item:pen'],
    })
  })

  it('gives an event without tags and metadata none', () => {
    const event = new MoneyDeposited({ account: '42', amount: 5 })
    expect(newEvent(event, 'an-id')).toMatchObject({ metadata: '{}', tags: [], schemaVersion: 1 })
  })
})
