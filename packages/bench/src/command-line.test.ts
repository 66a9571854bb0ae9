import { CommanderError } from 'commander'
import { parseArguments, parseReportArguments } from './command-line.js'
import type { System } from './system.js'
import type { Work } from './work.js'

const system = (name: string): System => ({ name, open: () => Promise.reject(new Error('not opened here')) })
const append: Work = {
  name: 'append',
  description: 'one event',
  unit: 'events',
  systems: ['writ', 'emmett', 'insert'].map(system),
  limits: [system('round trip')],
}
const works = [append, { ...append, name: 'dispatch' }]

function refusal(...args: string[]): string {
  const written: string[] = []
  expect(() => parseArguments(args, works, { writeErr: (text) => written.push(text) })).toThrow(CommanderError)
  return written.join('')
}

describe('parseArguments', () => {
  it('measures all systems and limits at 1, 16, 64 and 256 callers by default', () => {
    const { systems, ...options } = parseArguments(['append'], works)
    expect(systems.map(({ name }) => name)).toEqual(['writ', 'emmett', 'insert', 'round trip'])
    expect(options).toEqual({ work: append, against: 'emmett', callers: [1, 16, 64, 256], seconds: 2, rounds: 5, json: false })
  })

  it('takes everything from the command line', () => {
    const args = [
      'dispatch',
      '--callers',
      '8,2,8',
      '--seconds',
      '0.5',
      '--rounds',
      '3',
      '--against',
      'insert',
      '--systems',
      'insert, writ',
      '--json',
    ]
    const { work, systems, ...options } = parseArguments(args, works)
    expect(work.name).toBe('dispatch')
    expect(systems.map(({ name }) => name)).toEqual(['writ', 'insert'])
    expect(options).toEqual({ against: 'insert', callers: [8, 2], seconds: 0.5, rounds: 3, json: true })
  })

  it('names the nearest work for an unknown one', () => {
    expect(refusal('apend')).toBe("error: there is no work named 'apend'; did you mean 'append'? There is: append, dispatch.\n")
  })

  it('names the nearest system for an unknown one', () => {
    expect(refusal('append', '--against', 'emmet')).toContain(
      "there is no system for 'append' named 'emmet'; did you mean 'emmett'?",
    )
    expect(refusal('append', '--systems', 'writ,inserts')).toContain("did you mean 'insert'?")
  })

  it('refuses a reference that is not measured', () => {
    expect(refusal('append', '--systems', 'writ', '--against', 'insert')).toContain("--against 'insert' is not among --systems")
  })

  it.each(['0', '-1', '1.5', 'many', '', '1,', '10001'])('refuses %j callers', (callers) => {
    expect(refusal('append', `--callers=${callers}`)).toContain('Give integers from 1 to 10000 joined by commas, such as 1,64.')
  })

  it.each(['0', 'two', '4000'])('refuses windows of %j seconds', (seconds) => {
    expect(refusal('append', '--seconds', seconds)).toContain('Give seconds, from 0.1 to 3600.')
  })

  it.each(['0', '2.5', 'x'])('refuses %j rounds', (rounds) => {
    expect(refusal('append', '--rounds', rounds)).toContain('Give an integer from 1 to 1000.')
  })

  it('wants a work, and one only', () => {
    expect(refusal()).toContain("missing required argument 'work'")
    expect(refusal('append', 'dispatch')).toContain('too many arguments')
  })

  it('refuses unknown options', () => {
    expect(refusal('append', '--caller', '3')).toContain('--callers')
  })
})

it('takes callers and reference of the work where it names its own', () => {
  const own = { ...append, callers: [8], against: 'insert' }
  expect(parseArguments(['append'], [own])).toMatchObject({ callers: [8], against: 'insert' })
})

describe('parseReportArguments', () => {
  const written: string[] = []
  const parse = (...args: string[]) => parseReportArguments(args, works, { writeErr: (text: string) => written.push(text) })

  it('measures all works by default', () => {
    expect(parse()).toEqual({ measured: works, seconds: 2, rounds: 5 })
  })

  it('measures those that are named, in the order of all', () => {
    const { measured, ...options } = parse('dispatch', 'append', '--seconds', '1', '--rounds', '3')
    expect(measured.map(({ name }) => name)).toEqual(['append', 'dispatch'])
    expect(options).toEqual({ seconds: 1, rounds: 3 })
  })

  it('measures nothing where only the page is to be made', () => {
    expect(parse('--render').measured).toEqual([])
  })

  it('refuses a work that there is not', () => {
    expect(() => parse('apend')).toThrow(CommanderError)
    expect(written.join('')).toContain("there is no work named 'apend'; did you mean 'append'?")
  })
})
