import { timeOrderedUuid } from './time-ordered-uuid.js'

// Its state is the module's: each test gets a module of its own.
function fresh(): typeof timeOrderedUuid {
  let loaded: typeof import('./time-ordered-uuid.js') | undefined
  jest.isolateModules(() => {
    loaded = require('./time-ordered-uuid.js')
  })
  return loaded!.timeOrderedUuid
}

const noon = Date.UTC(2026, 10, 21, 12)
const many = 100_000

/** Unique and in order, without a set or a sort of a hundred thousand. */
function expectAscending(ids: readonly string[]): void {
  for (let index = 1; index < ids.length; index++) {
    if (ids[index - 1]! >= ids[index]!) throw new Error(`${ids[index - 1]} is followed by ${ids[index]}`)
  }
}

describe('timeOrderedUuid', () => {
  it('is a UUID of version 7 and of the RFC variant', () => {
    const uuid = fresh()
    for (let index = 0; index < 10_000; index++) {
      expect(uuid(noon + index)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    }
  })

  it('begins with the time, in milliseconds', () => {
    const uuid = fresh()
    for (const time of [1, 0xffff_ffff, noon, 0xffff_ffff_ffff]) {
      expect(Number.parseInt(uuid(time).replace('-', '').slice(0, 12), 16)).toBe(time)
    }
  })

  it('is unique and in order over 100,000 as time goes on', () => {
    const uuid = fresh()
    expectAscending(Array.from({ length: many }, (_, index) => uuid(noon + Math.floor(index / 7))))
  })

  it('is unique and in order over 100,000 within one millisecond', () => {
    const uuid = fresh()
    expectAscending(Array.from({ length: many }, () => uuid(noon)))
  })

  it('is unique and in order over 100,000 while the clock runs back', () => {
    const uuid = fresh()
    expectAscending(Array.from({ length: many }, (_, index) => uuid(noon - index)))
  })

  it('follows the clock again when it has caught up', () => {
    const uuid = fresh()
    for (let index = 0; index < many; index++) uuid(noon)
    const later = uuid(noon + 1_000)
    expect(Number.parseInt(later.replace('-', '').slice(0, 12), 16)).toBe(noon + 1_000)
  })

  it('differs between two processes at the same time', () => {
    const [here, there] = [fresh(), fresh()]
    const ids = Array.from({ length: 1_000 }, () => [here(noon), there(noon)]).flat()
    expect(new Set(ids).size).toBe(2_000)
  })
})
