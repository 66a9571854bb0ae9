import { randomFillSync } from 'node:crypto'

const POOLED = 256
const pool = new Uint8Array(POOLED * 8)
let used = POOLED
let lastTime = 0
let counter = 0

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/**
 * A UUID of version 7 (RFC 9562): 48 bits of time, a 12-bit counter that keeps those of one millisecond in order, 62 random bits.
 *
 * Made here and not by a library because it is made once an event: random bytes come from a pool.
 */
export function timeOrderedUuid(now: number): string {
  if (now > lastTime) {
    lastTime = now
    counter = 0
  } else if (++counter > 0xfff) {
    // 4,096 in one millisecond: borrow the next one, as the RFC allows.
    lastTime++
    counter = 0
  }
  const random = nextRandom()
  const high = Math.floor(lastTime / 0x1_0000)
  const low = lastTime % 0x1_0000
  return (
    hex[high >>> 24]! +
    hex[(high >>> 16) & 255]! +
    hex[(high >>> 8) & 255]! +
    hex[high & 255]! +
    '-' +
    hex[low >>> 8]! +
    hex[low & 255]! +
    '-7' +
    hex[counter >>> 8]!.charAt(1) +
    hex[counter & 255]! +
    '-' +
    hex[(pool[random]! & 0x3f) | 0x80]! +
    hex[pool[random + 1]!]! +
    '-' +
    hex[pool[random + 2]!]! +
    hex[pool[random + 3]!]! +
    hex[pool[random + 4]!]! +
    hex[pool[random + 5]!]! +
    hex[pool[random + 6]!]! +
    hex[pool[random + 7]!]!
  )
}

function nextRandom(): number {
  if (used === POOLED) {
    randomFillSync(pool)
    used = 0
  }
  return used++ * 8
}
