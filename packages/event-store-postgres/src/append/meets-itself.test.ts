import type { Append } from '@writ/event-store'
import { newEvent } from '../../test/test-store.js'
import { entryOf } from './batch.js'
import { meetsItself } from './meets-itself.js'

const entry = (append: Partial<Append>) =>
  entryOf([{ append: { stream: 's', events: [], ...append }, size: 0, accept: () => {}, refuse: () => {} }])
const tagged = (...tags: string[]) => entry({ events: [newEvent({ tags })] })
const unless = (...tags: string[]) => entry({ condition: { failIfMatch: { items: [{ tags }] }, after: 0 } })

describe('A batch meets itself', () => {
  it('when an event of one append matches the condition of a later one', () => {
    expect(meetsItself([tagged('x', 'y'), unless('x')])).toBe(true)
    expect(meetsItself([tagged('x', 'y'), unless('x', 'y')])).toBe(true)
    const ofType = entry({ condition: { failIfMatch: { items: [{ types: ['noted'] }] }, after: 0 } })
    expect(meetsItself([tagged(), ofType])).toBe(true)
  })

  it('when two appends leave a receipt for one command', () => {
    const receipt = () => entry({ receipts: [{ commandId: 'c', eventsUpTo: 0, body: '{}' }] })
    expect(meetsItself([receipt(), receipt()])).toBe(true)
  })

  it('not when conditions match other events, later ones or their own', () => {
    expect(meetsItself([tagged('x'), unless('x', 'y'), tagged('x', 'y')])).toBe(false)
    const own = entry({ events: [newEvent({ tags: ['x'] })], condition: { failIfMatch: { items: [{ tags: ['x'] }] }, after: 0 } })
    expect(meetsItself([own])).toBe(false)
  })
})
