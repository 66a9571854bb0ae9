import { reached } from './goal.js'
import type { Level } from './level.js'

const windows = (...rates: number[]) =>
  rates.map((perSecond) => ({
    perSecond,
    p50: 2,
    p99: null,
    nodeCpu: null,
    postgresCpu: null,
    statements: null,
    failuresPerSecond: 0,
  }))
const level: Level = {
  callers: 64,
  systems: [
    { name: 'writ', settings: '', windows: windows(100, 100, 90, 90, 80, 80, 70, 70) },
    { name: 'copy', settings: '', windows: windows(200, 200, 180, 180, 100, 100, 100, 100) },
  ],
}
const goal = { callers: 64, system: 'writ', figure: 'perSecond' } as const

describe('reached', () => {
  it('compares round by round', () => {
    expect(reached({ ...goal, against: 'copy', atLeast: 0.6 }, level, 'events')).toEqual({
      text: "writ, 64 callers: events/s to copy's at least 0.6",
      measured: { median: 0.6, least: 0.5, most: 0.8 },
      isReached: true,
    })
  })

  it('compares the end with the beginning', () => {
    const course = reached({ ...goal, figure: 'course', atLeast: 0.85 }, level, 'events')
    expect(course).toMatchObject({ measured: { median: 0.7 }, isReached: false })
    expect(course?.text).toBe('writ, 64 callers: events/s at the end to those at the beginning at least 0.85')
  })

  it('holds a duration against a limit', () => {
    expect(reached({ ...goal, figure: 'p50', atMost: 2 }, level, 'events')).toMatchObject({
      text: 'writ, 64 callers: p50 at most 2 ms',
      isReached: true,
    })
  })

  it('takes no failure of any round for none', () => {
    const failing = (...failures: number[]): Level => {
      const rounds = windows(...failures.map(() => 100)).map((window, round) => ({
        ...window,
        failuresPerSecond: failures[round]!,
      }))
      return { callers: 64, systems: [{ name: 'writ', settings: '', windows: rounds }] }
    }
    const none = { ...goal, figure: 'failuresPerSecond', atMost: 0 } as const
    expect(reached(none, failing(0, 0, 1), 'events')).toMatchObject({ measured: { median: 0, most: 1 }, isReached: false })
    expect(reached(none, failing(0, 0, 0), 'events')).toMatchObject({
      text: 'writ, 64 callers: failures/s at most 0',
      isReached: true,
    })
  })

  it.each([
    { ...goal, callers: 1 },
    { ...goal, system: 'emmett' },
    { ...goal, against: 'emmett' },
    { ...goal, figure: 'p99' as const },
  ])('says nothing where the level lacks it: %j', (lacking) => {
    expect(reached(lacking, level, 'events')).toBeUndefined()
  })
})
