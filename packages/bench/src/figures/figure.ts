import type { Environment } from '../system.js'

/** Something that is measured once, and is no rate. */
export interface Figure {
  /** What is measured, as a sentence without an end. */
  readonly description: string
  /** @param environment a schema of its own */
  measure(environment: Environment): Promise<readonly Measurement[]>
}

export interface Measurement {
  /** Such as `bytes of heap a cached account`. */
  readonly what: string
  readonly value: number
  /** What it should not pass. */
  readonly atMost?: number
}

/** `accounts in the cache: 100,000`, with what was aimed at before it */
export function lineOf({ what, value, atMost }: Measurement): string {
  const text = `${what}: ${value.toLocaleString('en')}`
  if (atMost === undefined) return text
  return `${value <= atMost ? 'reached' : 'missed'}: ${text}, at most ${atMost.toLocaleString('en')}`
}
