import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testProcesses, until } from '@writ/build-tools'
import { type PostgresServer, startPostgres } from '@writ/postgres-embedded'
import { newEvent, readEverything, times } from '../test/test-store.js'
import { type PostgresEventStore, postgresEventStore } from './postgres-event-store.js'

// A process that has an embedded server of its own, and appends until it is killed.
const script = join(__dirname, '../test/embedded-process.mjs')

describe('A store on an embedded server', () => {
  const startProcess = testProcesses()
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
    const acknowledged: { id: string; position: number }[] = []
    for (const round of [1, 2]) {
      const appending = startProcess(script, [join(folder, 'data')])
      await until(`round ${round} appends`, () => appending.lines.length >= 200)
      await appending.kill()
      acknowledged.push(...appending.lines.map((line) => JSON.parse(line)))
    }
    const events = await readEverything((await open()).store)
    const positions = new Map(events.map(({ id, position }) => [id, position]))
    expect(positions.size).toBe(events.length)
    expect(acknowledged.map(({ id }) => positions.get(id))).toEqual(acknowledged.map(({ position }) => position))
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
    const second = startProcess(script, [join(folder, 'data')])
    expect(await second.ended()).toBe(1)
    expect(second.lines.map((line) => JSON.parse(line))).toEqual([{ refused: 'data-directory-in-use', pid: process.pid }])
    await opened.store.append({ stream: 's', events: [newEvent()] })
    expect(await readEverything(opened.store)).toHaveLength(2)
  })
})
