import { readFile, writeFile } from 'node:fs/promises'
import type { Measurement } from '../figures/figure.js'
import type { Level } from '../level.js'

/** A work as it was measured: everything that a page about it shows besides what the code itself says. */
export interface RecordedWork {
  readonly work: string
  /** What it was measured on, in one line. */
  readonly machine: string
  readonly against: string
  /** The length of a window. */
  readonly seconds: number
  readonly levels: readonly Level[]
  /** What was measured besides rates; absent where a work was recorded before there was any. */
  readonly figures?: readonly Measurement[]
}

/** One line for each work. */
export async function readRecording(path: string): Promise<RecordedWork[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

/** What was measured again takes the place of what was measured before. */
export function merged(before: readonly RecordedWork[], now: readonly RecordedWork[], order: readonly string[]): RecordedWork[] {
  const byName = new Map([...before, ...now].map((recorded) => [recorded.work, recorded]))
  return order.flatMap((name) => byName.get(name) ?? [])
}

export async function writeRecording(path: string, recording: readonly RecordedWork[]): Promise<void> {
  await writeFile(path, recording.map((recorded) => `${JSON.stringify(recorded, rounded)}\n`).join(''))
}

/** Four digits are more than a measurement is good for. */
function rounded(_: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value
}
