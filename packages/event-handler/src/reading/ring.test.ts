import type { StoredEvent } from '@writ/event-store'
import { bankEvents } from '../../test/bank-events.js'
import { LogEntry } from './log-entry.js'
import { Ring } from './ring.js'

const entry = (position: number, type = 'deposited') => new LogEntry({ position, type } as StoredEvent, bankEvents)
const all = () => true
const positions = (portion: ReturnType<Ring['take']>) =>
  portion && [...portion.entries.map(({ position }) => position), `up to ${portion.upTo}`]

describe('the ring', () => {
  const ring = (most = { entries: 4, size: 1_000 }) => new Ring(10, most)

  it('gives what comes after a position, and how far it reaches', () => {
    const filled = ring()
    filled.push([entry(11), entry(13)], [1, 1], 15)
    expect(positions(filled.take(10, 100, all))).toEqual([11, 13, 'up to 15'])
    expect(positions(filled.take(11, 100, all))).toEqual([13, 'up to 15'])
    expect(positions(filled.take(13, 100, all))).toEqual(['up to 15'])
    expect(filled.take(15, 100, all)).toBeUndefined()
  })

  it('gives no more than asked for, of what concerns the reader', () => {
    const filled = ring()
    filled.push([entry(11), entry(12, 'other'), entry(13), entry(14)], [1, 1, 1, 1], 14)
    expect(positions(filled.take(10, 2, (type) => type === 'deposited'))).toEqual([11, 13, 'up to 13'])
  })

  it('drops the oldest when it has too many, and tells how far back it reaches', () => {
    const filled = ring()
    for (let position = 11; position <= 30; position++) filled.push([entry(position)], [1], position)
    expect(filled.after).toBe(26)
    expect(positions(filled.take(26, 100, all))).toEqual([27, 28, 29, 30, 'up to 30'])
  })

  it('drops the oldest when they are too heavy, but keeps the newest whatever its weight', () => {
    const filled = ring()
    filled.push([entry(11), entry(12)], [600, 600], 12)
    expect(filled.after).toBe(11)
    filled.push([entry(13)], [5_000], 13)
    expect(positions(filled.take(12, 100, all))).toEqual([13, 'up to 13'])
  })

  it('has room beyond a position while less than half of it lies ahead', () => {
    const filled = ring()
    filled.push([entry(11), entry(12)], [1, 1], 12)
    expect(filled.hasRoomBeyond(10)).toBe(false)
    expect(filled.hasRoomBeyond(11)).toBe(true)
    expect(filled.hasRoomBeyond(12)).toBe(true)
  })
})
