import { ParkedSequences } from './parked-sequences.js'

const parked = (sequence: string, position: number, hasFailed = false, part = 0) => ({ sequence, position, part, hasFailed })

describe('parked sequences', () => {
  it('hold up what belongs to them, until their last event is gone', () => {
    const sequences = new ParkedSequences()
    expect(sequences.holdUp(['a'])).toBe(false)
    sequences.add(parked('a', 1, true))
    sequences.add(parked('a', 3))
    expect([sequences.count, sequences.holdUp(['b', 'a']), sequences.holdUp(['b'])]).toEqual([2, true, false])
    expect(sequences.remove({ position: 1, part: 0 })).toEqual([{ sequence: 'a', position: 1, part: 0 }])
    expect(sequences.holdUp(['a'])).toBe(true)
    sequences.remove({ position: 3, part: 0 })
    expect([sequences.count, sequences.holdUp(['a'])]).toEqual([0, false])
  })

  it('know what comes first, part by part', () => {
    const sequences = new ParkedSequences()
    sequences.add(parked('a', 1, true, 0))
    sequences.add(parked('a', 1, false, 1))
    expect(sequences.isFirst({ position: 1, part: 0 })).toBe(true)
    expect(sequences.isFirst({ position: 1, part: 1 })).toBe(false)
    expect(sequences.hasUnblocked).toBe(false)
    sequences.remove({ position: 1, part: 0 })
    expect(sequences.isFirst({ position: 1, part: 1 })).toBe(true)
    expect(sequences.hasUnblocked).toBe(true)
  })

  it('let an event of several sequences wait until it is the first one in all of them', () => {
    const sequences = new ParkedSequences()
    sequences.add(parked('a', 1, true))
    for (const sequence of ['a', 'b']) sequences.add(parked(sequence, 2))
    sequences.add(parked('b', 3))
    expect(sequences.isFirst({ position: 2, part: 0 })).toBe(false)
    sequences.remove({ position: 1, part: 0 })
    expect(sequences.isFirst({ position: 2, part: 0 })).toBe(true)
    expect(sequences.remove({ position: 2, part: 0 }).map(({ sequence }) => sequence)).toEqual(['a', 'b'])
    expect([sequences.holdUp(['a']), sequences.isFirst({ position: 3, part: 0 })]).toEqual([false, true])
  })

  it('count an event once, however often it is put aside', () => {
    const sequences = new ParkedSequences()
    sequences.add(parked('a', 1))
    sequences.add(parked('a', 1, true))
    expect([sequences.count, sequences.hasUnblocked, sequences.has(parked('a', 1)), sequences.has(parked('b', 1))]).toEqual([
      1,
      false,
      true,
      false,
    ])
  })
})
