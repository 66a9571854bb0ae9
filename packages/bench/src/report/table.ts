import { reached } from '../goal.js'
import type { Level } from '../level.js'
import type { Summary } from '../summary.js'
import type { Work } from '../work.js'
import { cellsOf, headsOf, measuredOf, settingsOf, whole } from './cells.js'

/** A table for people: medians of the windows, and CPU and statements an event; then what was aimed at. */
export function table(title: string, work: Work, level: Level, summaries: readonly Summary[]): string {
  const rows = [headsOf(work.unit), ...summaries.map(cellsOf)]
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  )
  return [title, '', ...lines, '', ...courseOf(work, level), ...summaries.map(settingsOf), ...goalsOf(work, level), ''].join('\n')
}

/** Where each window stands for a part of the work, what they were one by one. */
export function courseOf({ rounds, unit }: Work, { systems }: Level): string[] {
  if (rounds === undefined) return []
  return systems.map(
    ({ name, windows }) => `${name}, ${unit}/s one by one: ${windows.map((each) => whole(each.perSecond)).join(' · ')}`,
  )
}

function goalsOf({ goals = [], unit }: Work, level: Level): string[] {
  return goals.flatMap((goal) => {
    const what = reached(goal, level, unit)
    return what ? [`${what.isReached ? 'reached' : 'missed'}: ${what.text}: ${measuredOf(goal, what)}`] : []
  })
}
