import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

// The samples are written for Node's own runner, which a new service has without installing anything; here they are Jest's.
jest.mock('node:test', () => ({ describe, it }))

import './getting-started/course.spec.js'
import './getting-started/service.spec.js'

describe('the samples of the first steps', () => {
  afterEach(() => jest.restoreAllMocks())

  it('install each package with those that it needs, for no registry has them', async () => {
    const root = join(__dirname, '../..')
    const page = await readFile(join(root, 'docs/getting-started.md'), 'utf8')
    const named = [...page.matchAll(/writ-packages\/writ-\{?([a-z,-]+)\}?-0\.1\.0\.tgz/g)].flatMap(([, names]) =>
      names!.split(','),
    )
    expect(named).toContain('application')
    for (const name of named) {
      const { dependencies = {} } = JSON.parse(await readFile(join(root, `packages/${name}/package.json`), 'utf8'))
      const needed = Object.keys(dependencies).filter((dependency) => dependency.startsWith('@writ/'))
      expect(named).toEqual(expect.arrayContaining(needed.map((dependency) => dependency.slice('@writ/'.length))))
    }
  })

  it('take a place in memory, and refuse the next', async () => {
    const printed = printedLines()
    await import('./getting-started/first-steps.js')
    await until(() => printed.length === 2)
    expect(printed).toEqual([
      { result: { left: 0 }, version: 2, position: 2 },
      { code: 'course-full', message: 'The course pottery is full.' },
    ])
  })

  it('serve over HTTP from an embedded PostgreSQL, and end in order', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'writ-first-steps-'))
    const { DATA, PORT } = process.env
    Object.assign(process.env, { DATA: folder, PORT: '0' })
    const stops: (() => Promise<void>)[] = []
    jest.spyOn(process, 'once').mockImplementation((_signal, stop) => {
      stops.push(stop as () => Promise<void>)
      return process
    })
    const printed = printedLines()
    try {
      await import('./getting-started/main.js')
      await until(() => stops.length === 2)
      const [, url] = /(http:\S+)/.exec(String(printed[0])) ?? []
      const post = async (path: string, body: object, headers = {}) => {
        const answer = await fetch(`${url}${path}`, { method: 'POST', body: JSON.stringify(body), headers })
        return [answer.status, await answer.json()]
      }
      expect(await post('/courses', { course: 'pottery', places: 2 })).toEqual([201, { version: 1, position: 1 }])
      for (const _time of ['once', 'again']) {
        const taken = await post('/places', { course: 'pottery', student: 'student-1' }, { 'idempotency-key': 'place-1' })
        expect(taken).toEqual([201, { left: 1, version: 2, position: 2 }])
      }
      const found = await fetch(`${url}/courses/pottery?after=2`)
      expect(await found.json()).toEqual({ course: 'pottery', places: 2, taken: 1 })
      expect(await post('/places', { course: 'pottery' })).toEqual([400, expect.objectContaining({ code: 'invalid-request' })])
      expect((await fetch(`${url}/courses/pottery?after=abc`)).status).toBe(400)
      const other = await post('/places', { course: 'pottery', student: 'student-2' }, { 'idempotency-key': 'place-1' })
      expect(other).toEqual([422, expect.objectContaining({ code: 'command-id-reused' })])
      await stops[0]?.()
    } finally {
      restore({ DATA, PORT })
      await rm(folder, { recursive: true, force: true })
    }
  })
})

function printedLines(): unknown[] {
  const lines: unknown[] = []
  jest.spyOn(console, 'log').mockImplementation((line) => void lines.push(line))
  return lines
}

async function until(isTrue: () => boolean): Promise<void> {
  const deadline = Date.now() + 30_000
  while (!isTrue()) {
    if (Date.now() > deadline) throw new Error('It did not happen within 30 seconds.')
    await sleep(10)
  }
}

function restore(variables: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
}
