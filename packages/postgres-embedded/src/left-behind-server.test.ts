import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Child, endChildren } from '../test/child-process.js'
import { makeFolder, removeFolders } from '../test/folders.js'
import { query } from '../test/query.js'
import { type PostgresServer, startPostgres } from './index.js'
import { readPostmasterPid } from './postmaster-pid.js'
import { findProcess } from './running-process.js'
import { serverUser } from './server-user.js'
import { waitUntil } from './wait-until.js'

let server: PostgresServer | undefined
let dataDirectory: string

beforeAll(async () => {
  dataDirectory = await makeFolder()
})
afterEach(async () => {
  endChildren()
  await server?.stop()
  server = undefined
})
afterAll(removeFolders)

const isGone = (pid: number) => waitUntil(async () => (await findProcess(pid)) === undefined, 30_000)

async function watchdogOf(pid: number): Promise<number> {
  if (process.platform !== 'linux') throw new Error('The test finds the watchdog in /proc.')
  for (const name of await readdir('/proc')) {
    const found = /^\d+$/.test(name) ? await findProcess(Number(name)) : undefined
    if (found?.command.endsWith(`writ-postgres-watchdog ${pid}`)) return Number(name)
  }
  throw new Error(`The server with pid ${pid} has no watchdog.`)
}

it('ends the server when its process is killed, and keeps what was acknowledged', async () => {
  const child = await Child.fork()
  const { connectionString, pid } = await child.start({ dataDirectory })
  await query(connectionString, 'create table acknowledged as select 1 as one')
  await child.end('SIGKILL')
  expect(await isGone(pid)).toBe(true)
  server = await startPostgres({ dataDirectory })
  expect(await query(server.connectionString, 'select one from acknowledged')).toEqual([{ one: 1 }])
})

it('starts right after its process was killed, without waiting for anyone', async () => {
  const child = await Child.fork()
  await child.start({ dataDirectory })
  await child.end('SIGKILL')
  server = await startPostgres({ dataDirectory })
  expect(await query(server.connectionString, 'select one from acknowledged')).toEqual([{ one: 1 }])
})

it('stops a server that was left behind, watchdog and all, before it starts another', async () => {
  const child = await Child.fork()
  const left = await child.start({ dataDirectory })
  process.kill(await watchdogOf(left.pid), 'SIGKILL')
  await child.end('SIGKILL')
  expect(await query(left.connectionString, 'select one from acknowledged')).toEqual([{ one: 1 }])
  const log: string[] = []
  server = await startPostgres({ dataDirectory, log: (line) => log.push(line) })
  expect(log[0]).toBe(`stopping the PostgreSQL server that an ended process left behind (pid ${left.pid})`)
  expect(await findProcess(left.pid)).toBeUndefined()
  expect(await query(server.connectionString, 'select one from acknowledged')).toEqual([{ one: 1 }])
})

it('ends the server of a process that exits without stopping it', async () => {
  const child = await Child.fork()
  const { pid } = await child.start({ dataDirectory })
  process.kill(await watchdogOf(pid), 'SIGKILL')
  await child.ask('exit')
  await child.exited
  expect(await isGone(pid)).toBe(true)
})

it('keeps the server alive on Ctrl-C, until its process stops it', async () => {
  const child = await Child.fork({ detached: true })
  const { connectionString } = await child.start({ dataDirectory })
  process.kill(-child.pid, 'SIGINT') // a terminal signals the whole process group
  expect(await query(connectionString, 'select 1 as one')).toEqual([{ one: 1 }])
  await child.ask('stop')
})

describe('where a crash left the file postmaster.pid', () => {
  let stranger: ChildProcess | undefined
  afterEach(() => stranger?.kill('SIGKILL'))

  // The files of a crashed server: the pid is what matters here.
  const writePid = (pid: number) =>
    writeFile(join(dataDirectory, 'cluster', 'postmaster.pid'), `${pid}\n${join(dataDirectory, 'cluster')}\n1\n1\n\n\n\nready\n`)

  /** A process of the server's user that looks like another program to those who list processes. */
  async function pretend(program: string, ...args: string[]): Promise<number> {
    const user = await serverUser(join(dataDirectory, 'cluster'))
    const options = { argv0: program, stdio: 'ignore', cwd: '/', ...user } as const
    stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)', ...args], options)
    await once(stranger, 'spawn')
    return stranger.pid ?? Number.NaN
  }

  it.each([
    ['another program', ['node', '/app/postgres-embedded/main.js']],
    ['the server of another folder', ['postgres', 'writ.data_folder=1-2']],
    ["another server's child process", ['postgres: walwriter']],
  ] as const)('starts although its pid has gone to %s', async (_, [program, ...args]) => {
    await writePid(await pretend(program, ...args))
    server = await startPostgres({ dataDirectory })
    expect((await readPostmasterPid(join(dataDirectory, 'cluster')))?.pid).toBe(server.pid)
    expect(stranger?.exitCode ?? stranger?.signalCode).toBeNull()
  })

  it('refuses to start, and signals nobody, where its pid is that of a PostgreSQL server that someone else started', async () => {
    const pid = await pretend('/usr/bin/postgres', '/data')
    await writePid(pid)
    await expect(startPostgres({ dataDirectory })).rejects.toMatchObject({ code: 'data-directory-in-use', pid, dataDirectory })
    expect(stranger?.exitCode ?? stranger?.signalCode).toBeNull()
    stranger?.kill('SIGKILL')
    expect(await isGone(pid)).toBe(true)
    server = await startPostgres({ dataDirectory })
  })
})

it('begins anew where a process was killed while it initialised', async () => {
  const folder = await makeFolder()
  const child = await Child.fork()
  const start = child.start({ dataDirectory: folder })
  const halfDone = async () => {
    const unfinished = (await readdir(folder)).find((name) => name.startsWith('unfinished-'))
    return (
      unfinished !== undefined && (await readdir(join(folder, unfinished, 'cluster')).catch((): string[] => [])).includes('base')
    )
  }
  expect(await waitUntil(halfDone, 30_000)).toBe(true)
  await Promise.all([child.end('SIGKILL'), expect(start).rejects.toBe('exited')])
  server = await startPostgres({ dataDirectory: folder })
  expect(await query(server.connectionString, 'select 1 as one')).toEqual([{ one: 1 }])
  expect(await readFile(join(folder, 'cluster', 'PG_VERSION'), 'utf8')).toBe('18\n')
})
