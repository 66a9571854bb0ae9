import { nearestName } from '@writ/event-store'
import { Command, InvalidArgumentError } from 'commander'
import type { System } from './system.js'
import type { Work } from './work.js'

export interface BenchOptions {
  readonly work: Work
  /** What is measured, in the work's order: all of its systems and limits, or those that were named. */
  readonly systems: readonly System[]
  /** The system that ratios are to; it need not be measured, there are no ratios then. */
  readonly against: string
  readonly callers: readonly number[]
  readonly seconds: number
  readonly rounds: number
  readonly json: boolean
}

export interface ReportOptions {
  /** In the order of all works; none where only the page is to be made anew. */
  readonly measured: readonly Work[]
  readonly seconds: number
  readonly rounds: number
}

interface Flags {
  readonly against?: string
  readonly systems?: readonly string[]
  readonly callers?: readonly number[]
  readonly seconds: number
  readonly rounds: number
  readonly json: boolean
}

const MOST_CALLERS = 10_000

/**
 * @param args what the user wrote, without the program
 * @throws CommanderError for wrong input, after its message was written to stderr; also for --help, with exit code 0
 */
export function parseArguments(
  args: readonly string[],
  works: readonly Work[],
  output: { writeErr(text: string): unknown } = standardError,
): BenchOptions {
  const command = new Command('npm run bench --')
    .description('Measures Writ beside its peers on one PostgreSQL: all systems take turns, window by window.')
    .argument('<work>', `what to measure: ${works.map(({ name }) => name).join(', ')}`)
    .option('--against <system>', 'the system that ratios are to (default: "emmett", or what the work names)')
    .option('--systems <names>', 'measure these only, joined by commas (default: all)', names)
    .option(
      '--callers <numbers>',
      'how many call at once; one table for each number (default: 1,16,64,256, or what the work names)',
      callers,
    )
    .option('--seconds <seconds>', 'the length of a window', seconds, 2)
    .option('--rounds <number>', 'windows of each system, besides the one that warms it up', rounds, 5)
    .option('--json', 'one JSON object a line instead of tables', false)
    .addHelpText('after', '\n`npm run bench -- report --help` tells how docs/benchmarks.md is made.')
    .addHelpText('after', `\nWorks:\n${works.map(({ name, description }) => `  ${name}: ${description}`).join('\n')}`)
    .allowExcessArguments(false)
    .configureOutput(output)
    .exitOverride()
  command.parse(args, { from: 'user' })

  const flags = command.opts<Flags>()
  const refuse = (message: string): never => command.error(`error: ${message}`)
  const named = command.args[0]!
  const work = works.find(({ name }) => name === named) ?? refuse(unknown('work', named, works))
  const known = [...work.systems, ...work.limits]
  for (const name of [...(flags.systems ?? []), ...(flags.against === undefined ? [] : [flags.against])]) {
    if (!known.some((system) => system.name === name)) refuse(unknown(`system for '${work.name}'`, name, known))
  }
  if (flags.against !== undefined && flags.systems?.includes(flags.against) === false) {
    refuse(`--against '${flags.against}' is not among --systems; name it there, too`)
  }
  return {
    work,
    systems: flags.systems ? known.filter(({ name }) => flags.systems?.includes(name)) : known,
    against: flags.against ?? work.against ?? 'emmett',
    callers: flags.callers ?? work.callers ?? [1, 16, 64, 256],
    seconds: flags.seconds,
    rounds: flags.rounds,
    json: flags.json,
  }
}

/**
 * @param args what the user wrote after `report`
 * @throws CommanderError as above
 */
export function parseReportArguments(
  args: readonly string[],
  works: readonly Work[],
  output: { writeErr(text: string): unknown } = standardError,
): ReportOptions {
  const command = new Command('npm run bench -- report')
    .description('Measures one work after another, and writes docs/benchmarks.md of them and of what was recorded before.')
    .argument('[works...]', `what to measure; all by default: ${works.map(({ name }) => name).join(', ')}`)
    .option('--seconds <seconds>', 'the length of a window', seconds, 2)
    .option('--rounds <number>', 'windows of each system, besides the one that warms it up', rounds, 5)
    .option('--render', 'measure nothing: write the page anew of what is recorded', false)
    .configureOutput(output)
    .exitOverride()
  command.parse(args, { from: 'user' })

  const flags = command.opts<{ readonly seconds: number; readonly rounds: number; readonly render: boolean }>()
  const refuse = (message: string): never => command.error(`error: ${message}`)
  for (const name of command.args) if (!works.some((work) => work.name === name)) refuse(unknown('work', name, works))
  if (flags.render && command.args.length > 0) refuse('--render measures nothing; leave the works out')
  const named = command.args.length > 0 ? works.filter(({ name }) => command.args.includes(name)) : works
  return { measured: flags.render ? [] : named, seconds: flags.seconds, rounds: flags.rounds }
}

const standardError = { writeErr: (text: string) => process.stderr.write(text) }

function unknown(what: string, name: string, all: readonly { readonly name: string }[]): string {
  const known = all.map((one) => one.name)
  const nearest = nearestName(name, known)
  return `there is no ${what} named '${name}'${nearest ? `; did you mean '${nearest}'?` : ''} There is: ${known.join(', ')}.`
}

function names(text: string): string[] {
  const all = text.split(',').map((name) => name.trim())
  if (all.includes('')) throw new InvalidArgumentError('Give names joined by commas, such as writ,insert.')
  return all
}

function callers(text: string): number[] {
  const numbers = text.split(',').map(Number)
  if (!numbers.every((number) => Number.isInteger(number) && number >= 1 && number <= MOST_CALLERS)) {
    throw new InvalidArgumentError(`Give integers from 1 to ${MOST_CALLERS} joined by commas, such as 1,64.`)
  }
  return [...new Set(numbers)]
}

function seconds(text: string): number {
  const number = Number(text)
  if (!(number >= 0.1 && number <= 3_600)) throw new InvalidArgumentError('Give seconds, from 0.1 to 3600.')
  return number
}

function rounds(text: string): number {
  const number = Number(text)
  if (!(Number.isInteger(number) && number >= 1 && number <= 1_000))
    throw new InvalidArgumentError('Give an integer from 1 to 1000.')
  return number
}
