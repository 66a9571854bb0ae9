import { lineOf } from '../figures/figure.js'
import type { Level } from '../level.js'
import { summarise } from '../summary.js'
import type { System } from '../system.js'
import type { Work } from '../work.js'
import { jsonLines } from './json-lines.js'
import { page } from './page.js'
import { merged } from './recording.js'
import { table } from './table.js'

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
  limitedBy: 'the disk',
  goals: [
    { callers: 64, system: 'writ', figure: 'perSecond', against: 'emmett', atLeast: 12 },
    { callers: 64, system: 'writ', figure: 'p50', atMost: 1 },
    { callers: 1, system: 'writ', figure: 'p50', atMost: 1 },
  ],
} satisfies Work

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
    const lines = table('append', work, level, summarise(level, 'emmett')).split('\n')
    expect(lines[3]).toMatch(/^writ +40,000 +30,000–50,000 +1\.23 +4\.00 +12\.50 +10\.00–15\.00 +5\.0 +- +0\.13$/)
    expect(lines).toContain('round trip: SELECT 1')
    expect(lines).toContain('emmett: pool of 24; 40 a second failed, and are not counted')
  })

  it('tells which aims were reached', () => {
    const lines = table('append', work, level, summarise(level, 'emmett')).split('\n')
    expect(lines).toContain("reached: writ, 64 callers: events/s to emmett's at least 12: 12.50 (10.00–15.00)")
    expect(lines).toContain('missed: writ, 64 callers: p50 at most 1 ms: 1.23')
  })

  it('shows windows one by one where their order matters', () => {
    expect(table('growth', { ...work, rounds: 3 }, level, summarise(level, 'emmett'))).toContain(
      'writ, events/s one by one: 40,000 · 50,000 · 30,000',
    )
  })
})

describe('page', () => {
  const recorded = JSON.parse(
    JSON.stringify({ work: 'append', machine: 'PostgreSQL 18, 2 cores', against: 'emmett', seconds: 2, levels: [level] }),
  )

  it('is made of what was recorded', () => {
    const text = page([work, { ...work, name: 'never measured' }], [recorded])
    expect(text).toContain('- PostgreSQL 18, 2 cores\n')
    expect(text).toContain('| [append](#append) | writ, 64 callers: p50 at most 1 ms | 1.23 | **no** |')
    expect(text).toContain('## append\n\nOne event. What limits Writ: the disk.\n')
    expect(text).toContain('64 callers, 3 windows of 2 s; ratios to `emmett`.\n')
    expect(text).toContain('| writ | 40,000 | 30,000–50,000 | 1.23 | 4.00 | 12.50 | 10.00–15.00 | 5.0 | - | 0.13 |')
    expect(text).toContain('- round trip: SELECT 1\n')
    expect(text).not.toContain('never measured')
  })

  it('shows what is no rate, and whether it is as small as it should be', () => {
    const figures = [
      { what: 'accounts in the cache', value: 100_001, atMost: 100_000 },
      { what: 'bytes for each', value: 898 },
    ]
    const figure = { description: 'a cache for 100,000', measure: async () => figures }
    const text = page([{ ...work, figures: [figure] }], [{ ...recorded, figures }])
    expect(text).toContain('| [append](#append) | accounts in the cache at most 100,000 | 100,001 | **no** |')
    expect(text).toContain('A cache for 100,000.\n\n| figure | measured |\n| --- | --: |\n')
    expect(text).toContain('| bytes for each | 898 |')
    expect(figures.map(lineOf)).toEqual(['missed: accounts in the cache: 100,001, at most 100,000', 'bytes for each: 898'])
  })

  it('says for each work what it was measured on, where that differs', () => {
    const other = { ...recorded, work: 'other', machine: 'PostgreSQL 15, 8 cores' }
    expect(page([work, { ...work, name: 'other' }], [recorded, other])).toContain('Measured on PostgreSQL 15, 8 cores.')
  })
})

describe('merged', () => {
  it('puts what was measured again in the place of what was measured before', () => {
    const recorded = (name: string, seconds: number) => ({ work: name, machine: '', against: '', seconds, levels: [] })
    const before = [recorded('append', 1), recorded('replay', 1)]
    const order = ['load', 'append', 'replay']
    expect(merged(before, [recorded('replay', 2), recorded('load', 2)], order)).toEqual([
      recorded('load', 2),
      recorded('append', 1),
      recorded('replay', 2),
    ])
  })
})
