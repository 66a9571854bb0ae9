import type { Checkpoint } from '@writ/event-store'
import { Progress } from './progress.js'

const row = (checkpoint: number): Checkpoint => ({
  subscription: 'sums@2',
  partition: 0,
  checkpoint,
  epoch: 1,
  owner: 'a',
  leaseExpiresIn: 1_000,
})

describe('the progress of a version', () => {
  it('is caught up when it has come to where the log ended a moment ago', () => {
    const progress = new Progress()
    progress.note(0, 1_000, [row(999)])
    expect(progress.isCaughtUp('sums@2')).toBe(false)
    progress.note(250, 1_500, [row(1_000)])
    expect(progress.isCaughtUp('sums@2')).toBe(true)
    for (let look = 2; look <= 20; look++) progress.note(look * 250, 1_000 + look * 500, [row(1_000)])
    expect(progress.isCaughtUp('sums@2')).toBe(false)
  })

  it('is not caught up for having come to where the log ended when it was looked at last, long ago', () => {
    const progress = new Progress()
    progress.note(0, 1_000, [row(1_000)])
    progress.note(5_000, 6_000, [row(1_500)])
    expect(progress.isCaughtUp('sums@2')).toBe(false)
    progress.note(10_000, 11_000, [row(9_499)])
    expect(progress.isCaughtUp('sums@2')).toBe(false)
    progress.note(15_000, 16_000, [row(14_500)])
    expect(progress.isCaughtUp('sums@2')).toBe(true)
  })
})
