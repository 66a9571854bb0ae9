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
})
