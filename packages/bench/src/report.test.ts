import type { Level } from './level.js'
import { jsonLines } from './report-json.js'
import { table } from './report-table.js'
import { summarise } from './summary.js'
import type { System } from './system.js'

const windows = (...rates: number[]) =>
  rates.map((perSecond) => ({
    perSecond,
    p50: 1.23456,
    p99: 4,
    nodeCpu: 5,
    postgresCpu: null,
    statements: 0.125,
    failuresPerSecond: 0,
  }))
const level: Level = {
  callers: 64,
  systems: [
    { name: 'writ', settings: 'as it comes', windows: windows(40_000, 50_000, 30_000) },
    {
      name: 'emmett',
      settings: 'pool of 24',
      windows: windows(4_000, 4_000, 2_000).map((window) => ({ ...window, failuresPerSecond: 40 })),
    },
    { name: 'round trip', settings: 'SELECT 1', windows: windows(9_000, 9_000, 9_000) },
  ],
}
const system = (name: string): System => ({ name, open: () => Promise.reject(new Error('not opened here')) })
const work = {
  name: 'append',
  description: 'one event',
  unit: 'events',
  systems: [system('writ'), system('emmett')],
  limits: [system('round trip')],
}

describe('summarise', () => {
  it('gives medians and spread, and the ratio of each round', () => {
    const [writ] = summarise(level, 'emmett')
    expect(writ).toMatchObject({
      perSecond: { median: 40_000, least: 30_000, most: 50_000 },
      ratio: { median: 12.5, least: 10, most: 15 },
      postgresCpu: null,
    })
  })

  it('has no ratio to what was not measured', () => {
    expect(summarise(level, 'insert').map(({ ratio }) => ratio)).toEqual([null, null, null])
  })
})

describe('jsonLines', () => {
  it('is one object a line for each system, without the limits', () => {
    expect(jsonLines(work, 64, summarise(level, 'emmett')).map((line) => JSON.parse(line))).toEqual([
      { work: 'append', system: 'writ', callers: 64, perSecond: 40_000, p50ms: 1.235, p99ms: 4, ratio: 12.5 },
      { work: 'append', system: 'emmett', callers: 64, perSecond: 4_000, p50ms: 1.235, p99ms: 4, ratio: 1 },
    ])
  })
})

describe('table', () => {
  it('shows every system with its settings, and a dash for what is not known', () => {
    const lines = table('append', 'events', summarise(level, 'emmett')).split('\n')
    expect(lines[3]).toMatch(/^writ +40,000 +30,000–50,000 +1\.23 +4\.00 +12\.50 +10\.00–15\.00 +5\.0 +- +0\.13$/)
    expect(lines).toContain('round trip: SELECT 1')
    expect(lines).toContain('emmett: pool of 24; 40 a second failed, and are not counted')
  })
})
