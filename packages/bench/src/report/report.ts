import { writeFile } from 'node:fs/promises'
import { availableParallelism, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import { bench } from '../bench.js'
import type { ReportOptions } from '../command-line.js'
import type { Measurement } from '../figures/figure.js'
import type { Level } from '../level.js'
import type { Work } from '../work.js'
import { page } from './page.js'
import { merged, type RecordedWork, readRecording, writeRecording } from './recording.js'

const docs = new URL('../../../../docs/', import.meta.url)
const recordingFile = fileURLToPath(new URL('benchmarks.jsonl', docs))
const pageFile = fileURLToPath(new URL('benchmarks.md', docs))

/** Measures works one after another, and writes the page about all that was ever recorded; each work is kept as soon as it is measured. */
export async function report(
  { measured, seconds, rounds }: ReportOptions,
  works: readonly Work[],
  progress: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  for (const [index, work] of measured.entries()) {
    progress(`\n${work.name}, ${index + 1} of ${measured.length}`)
    await record(await measure(work, seconds, rounds, progress, signal), works)
  }
  const recording = await readRecording(recordingFile)
  await writeFile(pageFile, page(works, recording))
  progress(`\ndocs/benchmarks.md is written; it shows ${recording.map(({ work }) => work).join(', ')}.`)
}

async function measure(
  work: Work,
  seconds: number,
  rounds: number,
  progress: (line: string) => void,
  signal: AbortSignal,
): Promise<RecordedWork> {
  const callers = work.reported ?? work.callers ?? [1, 16, 64, 256]
  const systems = [...work.systems, ...work.limits]
  const against = work.against ?? 'emmett'
  const levels: Level[] = []
  const figures: Measurement[] = []
  let machine = ''
  const options = { work, systems, against, callers, seconds, rounds, json: false }
  const listener = {
    progress,
    started: ({ server }: { readonly server: { readonly description: string } }) => {
      const memory = Math.round(totalmem() / 2 ** 30)
      machine = `${server.description}, Node ${process.versions.node}, ${availableParallelism()} cores and ${memory} GB for both`
    },
    measured: (level: Level) => void levels.push(level),
    weighed: (measurements: readonly Measurement[]) => void figures.push(...measurements),
  }
  await bench(options, listener, signal)
  return { work: work.name, machine, against, seconds, levels, figures }
}

async function record(recorded: RecordedWork, works: readonly Work[]): Promise<void> {
  const before = await readRecording(recordingFile)
  await writeRecording(
    recordingFile,
    merged(
      before,
      [recorded],
      works.map(({ name }) => name),
    ),
  )
}
