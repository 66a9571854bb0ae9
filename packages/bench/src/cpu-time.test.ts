import { parseStat } from './cpu-time.js'

describe('parseStat', () => {
  it('reads parent and CPU times, whatever the name of the process', () => {
    const text = '4711 (postgres: a) b) S 42 4711 4711 0 -1 4194560 100 200 0 0 30 12 7 5 20 0 1 0 100 1000 10'
    expect(parseStat(text)).toEqual({ pid: 4711, parent: 42, own: 42, ofEndedChildren: 12 })
  })
})
