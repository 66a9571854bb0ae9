import type { Runtime } from '@writ/event-store'

/**
 * Ids and chance that are the same in every run: UUIDs of version 7 that count up, and numbers drawn from a seed.
 *
 * Sources that meet in one store need other seeds, or be one and the same: the store takes an id once.
 *
 * @param options.seed an integer from 0 to 2^32 - 1, the first part of each id; 1 by default
 * @example fixedIds().uuid() // 00000001-0000-7000-8000-000000000001
 */
export function fixedIds({ seed = 1 }: { readonly seed?: number } = {}): Pick<Runtime, 'random' | 'uuid'> {
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffff_ffff) {
    throw new RangeError(`The seed ${seed} is none: give an integer from 0 to 2^32 - 1.`)
  }
  const head = `${hex(seed, 8)}-0000-7000-8000-`
  let count = 0
  let state = seed
  return {
    uuid: () => head + hex(++count, 12),
    // mulberry32, by Tommy Ettinger (public domain)
    random: () => {
      state = (state + 0x6d2b79f5) | 0
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
    },
  }
}

const hex = (number: number, digits: number) => number.toString(16).padStart(digits, '0')
