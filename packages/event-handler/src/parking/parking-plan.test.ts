import type { RecordedEvent } from '@writ/event-store'
import { ParkedSequences } from './parked-sequences.js'
import { parkingPlan } from './parking-plan.js'

const event = (position: number, stream: string) => ({ position, part: 0, stream, type: 'deposited' }) as RecordedEvent
const byStream = ({ stream }: RecordedEvent) => [stream]
const failure = { attempts: [{ error: { message: 'no' }, at: '2026-01-01T00:00:00.000Z' }] }
const places = (events: readonly { position: number }[]) => events.map(({ position }) => position)

describe('what becomes of a portion', () => {
  const portion = [event(1, 'a'), event(2, 'b'), event(3, 'a'), event(4, 'c')]

  it('is all handled while nothing is parked, and nobody asks for sequences', () => {
    const plan = parkingPlan(portion, new ParkedSequences(), () => {
      throw new Error('asked')
    })
    expect(plan).toEqual({ handle: portion, park: [] })
  })

  it('waits where an earlier event of the sequence is parked', () => {
    const parked = new ParkedSequences()
    parked.add({ sequence: 'a', position: 0, part: 0, hasFailed: true })
    const { handle, park } = parkingPlan(portion, parked, byStream)
    expect(places(handle)).toEqual([2, 4])
    expect(park).toMatchObject([
      { sequence: 'a', position: 1, part: 0, type: 'deposited', stream: 'a', failure: undefined, retryIn: undefined },
      { sequence: 'a', position: 3 },
    ])
  })

  it('waits behind one of its own that is put aside, with its failure and its time', () => {
    const { handle, park } = parkingPlan(portion, new ParkedSequences(), byStream, ({ position }) =>
      position === 1 ? { failure, retryIn: 50 } : undefined,
    )
    expect(places(handle)).toEqual([2, 4])
    expect(park).toMatchObject([
      { position: 1, failure, retryIn: 50 },
      { position: 3, failure: undefined },
    ])
  })

  it('waits in each of its sequences, and holds up all of them', () => {
    const both = ({ stream }: RecordedEvent) => (stream === 'c' ? ['c', 'a'] : stream === 'b' ? ['c'] : [stream])
    const { handle, park } = parkingPlan([...portion, event(5, 'b')], new ParkedSequences(), both, ({ position }) =>
      position === 1 ? { failure, retryIn: undefined } : undefined,
    )
    expect(places(handle)).toEqual([2])
    expect(park.map(({ sequence, position }) => `${sequence}${position}`)).toEqual(['a1', 'a3', 'c4', 'a4', 'c5'])
  })
})
