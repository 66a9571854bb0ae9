import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type PostgresServer, startPostgres } from '@writ/postgres-embedded'
import { newEvent, readEverything, times } from '../test/test-store.js'
import { until } from '../test/until.js'
import { type PostgresEventStore, postgresEventStore } from './postgres-event-store.js'

interface Line {
  readonly id?: string
  readonly position?: number
  readonly refused?: string
  readonly pid?: number
}

/** A process that has an embedded server of its own, and appends until it is killed. */
function appendingProcess(dataDirectory: string) {
  const program = join(__dirname, '../test', 'embedded-process.mjs')
  const child = spawn(process.execPath, [program, dataDirectory], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: Line[] = []
  createInterface(child.stdout).on('line', (line) => void lines.push(JSON.parse(line) as Line))
  const exited = once(child, 'close')
  const kill = async () => {
    child.kill('SIGKILL')
    await exited
  }
  return { pid: child.pid, lines, exited, kill }
}

describe('A store on an embedded server', () => {
  let folder: string
  let server: PostgresServer | undefined
  let store: PostgresEventStore | undefined
  const open = async () => {
    server = await startPostgres({ dataDirectory: join(folder, 'data'), database: 'bank' })
    store = postgresEventStore({ connectionString: server.connectionString, retryFor: 30_000 })
    await store.start()
    return { server, store }
  }
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'writ-embedded-'))
    // A server that root starts runs as another user, who must find the way.
    await chmod(folder, 0o711)
  })
  afterEach(async () => {
    await store?.stop()
    await server?.stop()
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  })

  it('keeps all that was acknowledged when its process gets a kill -9, again and again', async () => {
    const acknowledged: Line[] = []
    for (const round of [1, 2]) {
      const { lines, kill } = appendingProcess(join(folder, 'data'))
      await until(`round ${round} appends`, () => lines.length >= 200, 30_000)
      await kill()
      acknowledged.push(...lines)
    }
    const events = await readEverything((await open()).store)
    const positions = new Map(events.map(({ id, position }) => [id, position]))
    expect(positions.size).toBe(events.length)
    expect(acknowledged.map(({ id }) => positions.get(id!))).toEqual(acknowledged.map(({ position }) => position))
  })

  it('goes on by itself when its server gets a kill -9 and is started again; what was under way is stored once', async () => {
    const opened = await open()
    const acknowledged: number[] = []
    let isDone = false
    const append = async (writer: number) => {
      while (!isDone) {
        const appended = await opened.store.append({ stream: `writer-${writer}`, events: [newEvent()] })
        acknowledged.push(appended.position)
      }
    }
    const appending = Promise.all(times(8, append))
    await until('it appends', () => acknowledged.length >= 100)
    process.kill(opened.server.pid, 'SIGKILL')
    expect(await opened.server.exited).toMatchObject({ requested: false })
    const before = acknowledged.length
    server = await startPostgres({ dataDirectory: join(folder, 'data'), database: 'bank' })
    expect(server.connectionString).toBe(opened.server.connectionString)
    await until('it appends again', () => acknowledged.length >= before + 100, 30_000)
    isDone = true
    await appending
    const events = await readEverything(opened.store)
    expect([...acknowledged].sort((a, b) => a - b)).toEqual(events.map(({ position }) => position))
    expect(new Set(events.map(({ stream, version }) => `${stream}@${version}`)).size).toBe(events.length)
  })

  it('has its folder for itself: a second process is told who has it, and disturbs nobody', async () => {
    const opened = await open()
    await opened.store.append({ stream: 's', events: [newEvent()] })
    const second = appendingProcess(join(folder, 'data'))
    const [code] = await second.exited
    expect({ code, lines: second.lines }).toEqual({ code: 1, lines: [{ refused: 'data-directory-in-use', pid: process.pid }] })
    await opened.store.append({ stream: 's', events: [newEvent()] })
    expect(await readEverything(opened.store)).toHaveLength(2)
  })
})
