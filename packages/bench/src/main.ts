#!/usr/bin/env node
import { availableParallelism } from 'node:os'
import { CommanderError } from 'commander'
import { bench, type Listener } from './bench.js'
import { type BenchOptions, parseArguments, parseReportArguments } from './command-line.js'
import { lineOf } from './figures/figure.js'
import { countOfCallers } from './level.js'
import { jsonLines } from './report/json-lines.js'
import { report } from './report/report.js'
import { table } from './report/table.js'
import { summarise } from './summary.js'
import type { System } from './system.js'
import { works } from './works/works.js'

const progress = (line: string) => void process.stderr.write(`${line}\n`)

function listenerFor({ work, systems, against, json, rounds, seconds }: BenchOptions): Listener {
  return {
    progress,
    started({ server, cpu }) {
      progress(`${server.description}, Node ${process.versions.node}, ${availableParallelism()} cores for both`)
      for (const warning of server.warnings) progress(`Warning: ${warning}`)
      if (cpu.postgresUnknown) progress(`PostgreSQL's CPU is left out: ${cpu.postgresUnknown}.`)
    },
    measured(level) {
      const summaries = summarise(level, against)
      const windows = work.rounds === undefined ? `${rounds} windows of ${seconds} s` : `${work.rounds} windows`
      const lines = json
        ? jsonLines(work, level.callers, summaries)
        : [
            '',
            table(
              `${work.name}, ${countOfCallers(level.callers)}: ${work.description}; ${windows}${ratiosTo(against, systems)}`,
              work,
              level,
              summaries,
            ),
          ]
      process.stdout.write(`${lines.join('\n')}\n`)
    },
    weighed(measurements) {
      const lines = measurements.map((measured) => (json ? JSON.stringify({ work: work.name, ...measured }) : lineOf(measured)))
      process.stdout.write(`${lines.join('\n')}\n`)
    },
  }
}

function ratiosTo(against: string, measured: readonly System[]): string {
  return measured.some(({ name }) => name === against) ? `; ratios to ${against}` : ''
}

const stopped = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => {
    process.stderr.write('Stopping after this window; once more to stop at once.\n')
    stopped.abort(new Error(`Stopped by ${name}.`))
  })
}

try {
  const [first, ...others] = process.argv.slice(2)
  if (first === 'report') await report(parseReportArguments(others, works), works, progress, stopped.signal)
  else {
    const options = parseArguments(process.argv.slice(2), works)
    await bench(options, listenerFor(options), stopped.signal)
  }
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode
  else {
    process.stderr.write(`${error instanceof Error && !stopped.signal.aborted ? error.stack : (error as Error).message}\n`)
    process.exitCode = stopped.signal.aborted ? 130 : 1
  }
}
