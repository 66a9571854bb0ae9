import { Event } from '@writ/event-store'
import { z } from 'zod'
import { classState } from './class-state.js'

class Ordered extends Event('ordered', z.object({ lines: z.array(z.object({ item: z.string() })) })) {}

class Order {
  status = 'new'
  lines: { item: string; tags: string[] }[] = [{ item: 'tea', tags: ['hot'] }]
  byItem = new Map([['tea', { count: 1 }]])
  seen = new Set(['tea'])
  since = new Date(5)
  note: string | null = null
  big = 5n
  last: Ordered | undefined = new Ordered({ lines: [{ item: 'tea' }] })
  address = Object.freeze({ city: 'Ulm' })

  total() {
    return this.lines.length
  }
}

const { copy } = classState(Order, 'Order')

describe('a copy of the state of a decorated class', () => {
  it('is an instance with equal fields of its own', () => {
    const state = new Order()
    const copied = copy(state)
    expect(copied).toEqual(state)
    expect(copied).toBeInstanceOf(Order)
    expect(copied.total()).toBe(1)
  })

  it('shares nothing that can change', () => {
    const state = new Order()
    const copied = copy(state)
    copied.lines[0]!.tags.push('sweet')
    copied.lines.push({ item: 'cake', tags: [] })
    copied.byItem.get('tea')!.count = 9
    copied.seen.add('cake')
    copied.since.setTime(0)
    expect(state).toEqual(new Order())
  })

  it('shares what never changes: events and frozen values', () => {
    const state = new Order()
    const copied = copy(state)
    expect(copied.last).toBe(state.last)
    expect(copied.address).toBe(state.address)
  })

  it('keeps fields that were added and leaves out those that were deleted', () => {
    const state = Object.assign(new Order(), { extra: 1 }) as Order & { extra?: number }
    Reflect.deleteProperty(state, 'note')
    expect(Object.keys(copy(state)).sort()).toEqual(Object.keys(state).sort())
  })

  class Money {
    constructor(public cents: number) {}
  }
  const uncloneable: [string, object, string, RegExp][] = [
    ['a function', { handle: () => {} }, 'handle', /a function/],
    ['a symbol', { kind: Symbol('x') }, 'kind', /a symbol/],
    ['an instance that is not frozen', { price: new Money(5) }, 'price', /a Money instance that is not frozen/],
    ['an instance deep inside', { lines: [{ price: new Money(5) }] }, 'lines[0].price', /a Money instance/],
    ['an instance in a map', { prices: new Map([['tea', new Money(5)]]) }, 'prices.get(tea)', /a Money instance/],
    ['a promise', { later: Promise.resolve() }, 'later', /a Promise instance/],
  ]
  it.each(uncloneable)('of %s is refused at start, and names the field', (_, fields, field, what) => {
    class Wrong {
      constructor() {
        Object.assign(this, fields)
      }
    }
    const start = () => classState(Wrong, 'Wrong')
    expect(start).toThrow(expect.objectContaining({ code: 'uncloneable-state', aggregate: 'Wrong', field }))
    expect(start).toThrow(what)
  })

  it('of a frozen instance is that instance', () => {
    class Priced {
      price = Object.freeze(new Money(5))
    }
    const state = new Priced()
    expect(classState(Priced, 'Priced').copy(state).price).toBe(state.price)
  })
})
