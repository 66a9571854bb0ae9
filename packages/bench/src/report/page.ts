import { reached } from '../goal.js'
import { countOfCallers, type Level } from '../level.js'
import { type Summary, summarise } from '../summary.js'
import type { Work } from '../work.js'
import { cellsOf, headsOf, measuredOf, settingsOf, whole } from './cells.js'
import type { RecordedWork } from './recording.js'
import { courseOf } from './table.js'

/** The page of the documentation that shows what was measured. */
export function page(works: readonly Work[], recording: readonly RecordedWork[]): string {
  const shown = works.flatMap((work) => {
    const recorded = recording.find((one) => one.work === work.name)
    return recorded ? [{ work, recorded }] : []
  })
  const machines = [...new Set(shown.map(({ recorded }) => recorded.machine))]
  const goals = shown.flatMap(({ work, recorded }) => goalRows(work, recorded))
  return `${[
    '# Benchmarks',
    '',
    'This page is made by `npm run bench -- report`, which measures, and `npm run bench -- report --render`, which does not: what stands',
    'here by hand would be overwritten. How it is measured, and what the columns mean, tells the README of `packages/bench`.',
    '',
    'A number is the median of its windows, the spread goes from the smallest window to the largest. All systems of a table took turns on one',
    'server, window by window, on a machine that ran both them and the server: ratios say more than rates do, and gaps under a tenth say nothing.',
    '',
    ...machines.map((machine) => `- ${machine}`),
    '',
    '## What was aimed at',
    '',
    ...markdown(['work', 'aim', 'measured', 'reached'], goals, 2),
    '',
    ...shown.flatMap(({ work, recorded }) => section(work, recorded, machines.length > 1)),
  ]
    .join('\n')
    .trimEnd()}\n`
}

function goalRows({ name, goals = [], unit }: Work, { levels, figures = [] }: RecordedWork): string[][] {
  const row = (text: string, measured: string, isReached: boolean) => [
    `[${name}](#${name})`,
    text,
    measured,
    isReached ? 'yes' : '**no**',
  ]
  const ofRates = goals.flatMap((goal) =>
    levels.flatMap((level) => {
      const what = reached(goal, level, unit)
      return what ? [row(what.text, measuredOf(goal, what), what.isReached)] : []
    }),
  )
  const ofFigures = figures.flatMap(({ what, value, atMost }) =>
    atMost === undefined ? [] : [row(`${what} at most ${whole(atMost)}`, whole(value), value <= atMost)],
  )
  return [...ofRates, ...ofFigures]
}

function section(work: Work, recorded: RecordedWork, tellsMachine: boolean): string[] {
  return [
    `## ${work.name}`,
    '',
    `${sentence(work.description)}${work.limitedBy ? ` What limits Writ: ${sentence(work.limitedBy, false)}` : ''}`,
    '',
    ...(tellsMachine ? [`Measured on ${recorded.machine}.`, ''] : []),
    ...recorded.levels.flatMap((level) => levelLines(work, recorded, level)),
    ...figureLines(work, recorded),
  ]
}

function figureLines({ figures = [] }: Work, { figures: measured = [] }: RecordedWork): string[] {
  if (measured.length === 0) return []
  return [
    ...figures.flatMap(({ description }) => [sentence(description), '']),
    ...markdown(
      ['figure', 'measured'],
      measured.map(({ what, value }) => [what, whole(value)]),
      1,
    ),
    '',
  ]
}

function levelLines(work: Work, { against, seconds }: RecordedWork, level: Level): string[] {
  const summaries = summarise(level, against)
  const windows = level.systems[0]?.windows.length ?? 0
  const length = work.rounds === undefined ? ` of ${seconds} s` : ''
  const ratios = summaries.some(({ ratio }) => ratio !== null) && summaries.length > 1 ? `; ratios to \`${against}\`` : ''
  return [
    `${sentence(`${countOfCallers(level.callers)}, ${windows} windows${length}${ratios}`)}`,
    '',
    ...markdown(headsOf(work.unit), summaries.map(cellsOf), 1),
    '',
    ...courseOf(work, level).flatMap((line) => [sentence(line), '']),
    ...settingsLines(summaries),
  ]
}

function settingsLines(summaries: readonly Summary[]): string[] {
  return [...summaries.map((summary) => `- ${settingsOf(summary)}`), '']
}

/** @param texts how many columns, from the left, hold text and not numbers */
function markdown(heads: readonly string[], rows: readonly (readonly string[])[], texts: number): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(heads), line(heads.map((_, column) => (column < texts ? '---' : '--:'))), ...rows.map(line)]
}

function sentence(text: string, begins = true): string {
  const begun = begins ? text.charAt(0).toUpperCase() + text.slice(1) : text
  return begun.endsWith('.') ? begun : `${begun}.`
}
