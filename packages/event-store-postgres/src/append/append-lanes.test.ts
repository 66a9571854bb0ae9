import type { Append } from '@writ/event-store'
import { newEvent, times } from '../../test/test-store.js'
import { AppendLanes } from './append-lanes.js'
import type { WaitingAppend } from './batch.js'

const waiting = (append: Partial<Append> = {}, size = 10): WaitingAppend => ({
  append: { stream: 'a', events: [newEvent()], expectedVersion: 0, ...append },
  size,
  accept: () => {},
  refuse: () => {},
})

function grouped(...streams: string[]): WaitingAppend[] {
  const parts: WaitingAppend[] = []
  const group = { parts, arrived: 0 }
  for (const stream of streams) parts.push({ ...waiting({ stream, expectedVersion: 'any' }), group })
  return parts
}

function lanesWith(...appends: WaitingAppend[]): AppendLanes {
  const lanes = new AppendLanes()
  for (const append of appends) lanes.add(append)
  return lanes
}

describe('The lanes of waiting appends', () => {
  it('take a stream once into a batch, and into no other batch until that one has ended', () => {
    const lanes = lanesWith(waiting(), waiting({ expectedVersion: 1 }), waiting({ stream: 'b' }))
    const first = lanes.take()
    expect(first.map(({ stream }) => stream)).toEqual(['a', 'b'])
    expect(lanes.hasReady).toBe(false)
    lanes.done(first)
    expect(lanes.take().map(({ parts }) => parts[0]!.append.expectedVersion)).toEqual([1])
    expect(lanes.waiting).toBe(0)
  })

  it('merge appends of any version that follow one another, and no others', () => {
    const any = () => waiting({ expectedVersion: 'any' })
    const lanes = lanesWith(any(), any(), waiting({ expectedVersion: 2 }), any())
    const batches = times(3, () => {
      const batch = lanes.take()
      lanes.done(batch)
      return batch.map(({ parts }) => parts.length)
    })
    expect(batches).toEqual([[2], [1], [1]])
  })

  it('do not merge what a condition or a receipt may refuse', () => {
    const condition = { failIfMatch: { items: [{ tags: ['x'] }] }, after: 0 }
    const lanes = lanesWith(
      waiting({ expectedVersion: 'any', condition }),
      waiting({ expectedVersion: 'any', receipts: [{ commandId: 'c', eventsUpTo: 1, body: '{}' }] }),
      waiting({ expectedVersion: 'any', events: [] }),
    )
    expect(lanes.take()[0]!.parts).toHaveLength(1)
  })

  it('keep apart what is under way or waits, however many others come and go meanwhile', () => {
    const lanes = lanesWith(waiting(), waiting({ expectedVersion: 1 }))
    const underWay = lanes.take()
    for (let n = 0; n < 3_000; n++) {
      lanes.add(waiting({ stream: `s-${n}` }))
      lanes.done(lanes.take())
    }
    lanes.add(waiting({ expectedVersion: 2 }))
    expect([lanes.hasReady, lanes.waiting]).toEqual([false, 2])
    lanes.done(underWay)
    const versions = times(2, () => {
      const batch = lanes.take()
      lanes.done(batch)
      return batch.map(({ stream, parts }) => `${stream} ${parts[0]!.append.expectedVersion}`)
    })
    expect(versions).toEqual([['a 1'], ['a 2']])
  })

  it('fill a batch with 128 appends at most, in order of arrival', () => {
    const lanes = lanesWith(...times(300, (index) => waiting({ stream: `s-${index}` })))
    const sizes = times(3, () => lanes.take()).map((batch) => [batch.length, batch[0]!.stream])
    expect(sizes).toEqual([
      [128, 's-0'],
      [128, 's-128'],
      [44, 's-256'],
    ])
  })

  it('fill a batch with 1,000 events at most, and let a bigger append go alone', () => {
    const events = (count: number) => times(count, () => newEvent())
    const lanes = lanesWith(
      waiting({ stream: 'a', events: events(600) }),
      waiting({ stream: 'b', events: events(600) }),
      waiting({ stream: 'c', events: events(5_000) }),
      waiting({ stream: 'd' }),
    )
    const batches = times(4, () => lanes.take().map(({ stream }) => stream))
    expect(batches).toEqual([['a'], ['b'], ['c'], ['d']])
  })

  it('fill a batch with 4 MiB of text at most', () => {
    const lanes = lanesWith(waiting({ stream: 'a' }, 3_000_000), waiting({ stream: 'b' }, 3_000_000))
    expect(lanes.take()).toHaveLength(1)
  })

  it('give out appends to several streams as a batch of their own, when it is their turn in each of their lanes', () => {
    const lanes = lanesWith(waiting({ stream: 'a' }))
    const ahead = lanes.take()
    for (const part of grouped('a', 'b')) lanes.add(part)
    lanes.add(waiting({ stream: 'b', expectedVersion: 'any' }))
    expect([lanes.hasReady, lanes.hasReadyGroup]).toEqual([false, false])
    lanes.done(ahead)
    expect([lanes.hasReady, lanes.hasReadyGroup]).toEqual([false, true])
    const group = lanes.takeGroup()
    expect(group.map(({ stream, parts }) => [stream, parts.length])).toEqual([
      ['a', 1],
      ['b', 1],
    ])
    expect([lanes.hasReady, lanes.hasReadyGroup]).toEqual([false, false])
    lanes.done(group)
    expect(lanes.take().map(({ stream }) => stream)).toEqual(['b'])
    expect(lanes.waiting).toBe(0)
  })

  it('let groups that share streams follow one another, whatever the order in which they name them', () => {
    const lanes = lanesWith(...grouped('a', 'b'), ...grouped('b', 'c', 'a'))
    const first = lanes.takeGroup()
    expect([first.length, lanes.hasReadyGroup]).toEqual([2, false])
    lanes.done(first)
    expect(lanes.takeGroup().map(({ stream }) => stream)).toEqual(['b', 'c', 'a'])
  })

  it('merge no append with one that belongs to a group', () => {
    const any = (stream: string) => waiting({ stream, expectedVersion: 'any' })
    const lanes = lanesWith(any('a'), ...grouped('a'), any('a'))
    const sizes: number[] = []
    while (lanes.hasReady || lanes.hasReadyGroup) {
      const batch = lanes.hasReady ? lanes.take() : lanes.takeGroup()
      sizes.push(batch[0]!.parts.length)
      lanes.done(batch)
    }
    expect(sizes).toEqual([1, 1, 1])
  })
})
