import fc from 'fast-check'
import type { Capability } from '../capability.js'

/** Whether two stores can do something; what one of them lacks is not asked. */
export type Supports = (...needs: readonly Capability[]) => boolean

export const few = (least: number, most: number) => fc.integer({ min: least, max: most })
export const stream = few(0, 3)
/** A place in the log, or a version. */
export const place = few(0, 30)

export const nothing = fc.constant(undefined)

/** Undefined in all but one of so many. */
export const sometimes = <T>(arbitrary: fc.Arbitrary<T>, oneOf = 2) =>
  fc.oneof({ weight: oneOf - 1, arbitrary: nothing }, { weight: 1, arbitrary })

/** Well-formed, but for a few. */
export const mostly = <T>(usual: fc.Arbitrary<T>, ...malformed: readonly unknown[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 100, arbitrary: usual }, { weight: 1, arbitrary: fc.constantFrom(...malformed) as fc.Arbitrary<T> })

/** An object of these fields, without those that came out undefined. */
export function given<T extends object>(fields: { [K in keyof T]-?: fc.Arbitrary<T[K] | undefined> }): fc.Arbitrary<T> {
  return fc
    .record(fields as Record<string, fc.Arbitrary<unknown>>)
    .map((all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as T)
}
