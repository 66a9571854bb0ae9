import { once } from 'node:events'
import { mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { makeFolder, removeFolders } from '../test/folders.js'
import { query } from '../test/query.js'
import { type PostgresServer, startPostgres } from './index.js'
import { waitUntil } from './wait-until.js'

let server: PostgresServer | undefined
let dataDirectory: string

beforeAll(async () => {
  dataDirectory = join(await makeFolder(), 'new', 'data')
})
afterEach(async () => {
  await server?.stop()
  server = undefined
})
afterAll(removeFolders)

async function occupy(port: number): Promise<Server> {
  const other = createServer().listen(port, '127.0.0.1')
  await once(other, 'listening')
  return other
}

it('makes the folder and the database, says what takes time, and is durable', async () => {
  const log: string[] = []
  server = await startPostgres({ dataDirectory, database: 'the "bank"', log: (line) => log.push(line) })
  expect(log).toEqual([
    expect.stringContaining('initialising PostgreSQL 18'),
    expect.stringContaining(`is ready on 127.0.0.1:${server.port}`),
  ])
  expect(server).toMatchObject({ version: '18.4', database: 'the "bank"', dataDirectory })
  const [settings] = await query(
    server.connectionString,
    `select current_database() as database, current_setting('fsync') as fsync, current_setting('full_page_writes') as full_page_writes,
       current_setting('synchronous_commit') as synchronous_commit, current_setting('data_checksums') as checksums,
       current_setting('server_encoding') as encoding, current_setting('TimeZone') as timezone, upper('ä') as upper, 'a' > 'Z' as by_code_point`,
  )
  expect(settings).toEqual({
    database: 'the "bank"',
    fsync: 'on',
    full_page_writes: 'on',
    synchronous_commit: 'on',
    checksums: 'on',
    encoding: 'UTF8',
    timezone: 'UTC',
    upper: 'Ä',
    by_code_point: true,
  })
  await query(server.connectionString, 'create table kept as select 42 as answer')
})

it('keeps data, port and password across a restart, and takes settings for one run', async () => {
  const settings = { max_connections: 17, log_statement: 'none', jit: false }
  server = await startPostgres({ dataDirectory, database: 'the "bank"', settings })
  const { connectionString } = server
  expect(await query(connectionString, 'select answer from kept')).toEqual([{ answer: 42 }])
  expect(await query(connectionString, 'show max_connections')).toEqual([{ max_connections: '17' }])
  await Promise.all([server.stop(), server.stop()])
  expect(await server.exited).toMatchObject({ code: 0, signal: null, requested: true })
  server = await startPostgres({ dataDirectory, database: 'the "bank"' })
  expect(server.connectionString).toBe(connectionString)
  expect(await query(connectionString, 'show max_connections')).toEqual([{ max_connections: '100' }])
})

it('lets nobody in without the password, which only its owner can read', async () => {
  server = await startPostgres({ dataDirectory })
  const url = new URL(server.connectionString)
  expect(url.hostname).toBe('127.0.0.1')
  url.password = 'guessed'
  await expect(query(url.href, 'select 1')).rejects.toMatchObject({ code: '28P01' })
  expect((await stat(join(dataDirectory, 'password'))).mode & 0o777).toBe(0o600)
  expect((await stat(join(dataDirectory, 'cluster'))).mode & 0o777).toBe(0o700)
  expect(await query(server.connectionString, 'show listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }])
  expect(await query(server.connectionString, 'show unix_socket_directories')).toEqual([{ unix_socket_directories: '' }])
})

it('takes another port where the port of the last run is taken', async () => {
  const last = Number(await readFile(join(dataDirectory, 'port'), 'utf8'))
  const other = await occupy(last)
  server = await startPostgres({ dataDirectory })
  other.close()
  expect(server.port).not.toBe(last)
  expect(await query(server.connectionString, 'select 1 as one')).toEqual([{ one: 1 }])
})

it('refuses a port that was asked for and is taken', async () => {
  const other = await occupy(0)
  const { port } = other.address() as { port: number }
  await expect(startPostgres({ dataDirectory, port })).rejects.toMatchObject({ code: 'port-in-use', port, dataDirectory })
  other.close()
  await once(other, 'close')
  server = await startPostgres({ dataDirectory, port })
  expect(server.port).toBe(port)
})

it("shows the last lines of PostgreSQL's log when it does not start, and leaves the folder free", async () => {
  const start = startPostgres({ dataDirectory, settings: { shared_buffers: 'plenty' } })
  await expect(start).rejects.toMatchObject({
    code: 'start-failed',
    log: expect.arrayContaining([expect.stringContaining('invalid value for parameter "shared_buffers": "plenty"')]),
    message: expect.stringContaining('"plenty"'),
  })
  server = await startPostgres({ dataDirectory })
})

it('gives up on a start that takes longer than allowed', async () => {
  await expect(startPostgres({ dataDirectory, startTimeout: 0.1 })).rejects.toMatchObject({
    code: 'start-failed',
    message: expect.stringContaining('startTimeout'),
  })
})

it('reports a crash of the server, and starts again at once with everything acknowledged', async () => {
  server = await startPostgres({ dataDirectory })
  await query(server.connectionString, 'create table acknowledged as select 1 as one')
  // One process of the server is busy, and does not notice that the main process is gone.
  const busy = query(
    server.connectionString,
    'select count(*) from generate_series(1, 1000000) a, generate_series(1, 1000000) b',
  ).catch(() => 'cut off')
  const isBusy = "select 1 from pg_stat_activity where query like 'select count%' and state = 'active'"
  const { connectionString } = server
  expect(await waitUntil(async () => (await query(connectionString, isBusy)).length === 1, 30_000)).toBe(true)
  process.kill(server.pid, 'SIGKILL')
  expect(await server.exited).toMatchObject({ signal: 'SIGKILL', requested: false })
  const log: string[] = []
  server = await startPostgres({ dataDirectory, log: (line) => log.push(line) })
  expect(log[0]).toContain('recovering')
  expect(await busy).toBe('cut off')
  expect(await query(server.connectionString, 'select one from acknowledged')).toEqual([{ one: 1 }])
})

it('refuses a folder of another major version, and leaves it as it is', async () => {
  const versionFile = join(dataDirectory, 'cluster', 'PG_VERSION')
  await writeFile(versionFile, '17\n')
  await expect(startPostgres({ dataDirectory })).rejects.toMatchObject({
    code: 'data-directory-version-mismatch',
    foundVersion: '17',
    expectedVersion: '18',
    dataDirectory,
  })
  expect(await readFile(versionFile, 'utf8')).toBe('17\n')
  await writeFile(versionFile, '18\n')
})

it('refuses a folder whose password is gone', async () => {
  await rename(join(dataDirectory, 'password'), join(dataDirectory, 'moved'))
  await expect(startPostgres({ dataDirectory })).rejects.toMatchObject({
    code: 'data-directory-unusable',
    message: expect.stringContaining('password'),
  })
  await rename(join(dataDirectory, 'moved'), join(dataDirectory, 'password'))
})

it('refuses a folder that is a file, a cluster of another making, or half a cluster', async () => {
  const folder = await makeFolder()
  await writeFile(join(folder, 'file'), '')
  await mkdir(join(folder, 'foreign'))
  await writeFile(join(folder, 'foreign', 'PG_VERSION'), '18\n')
  await mkdir(join(folder, 'half', 'cluster'), { recursive: true })
  for (const name of ['file', 'foreign', 'half'])
    await expect(startPostgres({ dataDirectory: join(folder, name) })).rejects.toMatchObject({ code: 'data-directory-unusable' })
  expect(await readdir(join(folder, 'foreign'))).toEqual(['PG_VERSION'])
})

it('begins anew where an earlier initialisation was killed half-way, and removes its traces', async () => {
  const folder = await makeFolder()
  await mkdir(join(folder, 'unfinished-aB3xYz', 'cluster', 'base'), { recursive: true })
  await writeFile(join(folder, 'unfinished-aB3xYz', 'cluster', 'PG_VERSION'), '18\n')
  await writeFile(join(folder, 'unfinished-aB3xYz', 'password'), 'half')
  await writeFile(join(folder, 'password'), 'of a cluster that never came')
  await writeFile(join(folder, 'mine.txt'), 'not of this package')
  server = await startPostgres({ dataDirectory: folder })
  expect(await query(server.connectionString, 'select 1 as one')).toEqual([{ one: 1 }])
  expect((await readdir(folder)).sort()).toEqual(['cluster', 'lock.sock', 'mine.txt', 'password', 'port', 'server.log'])
})

it('follows no symbolic link where it writes', async () => {
  const folder = await makeFolder()
  const target = join(await makeFolder(), 'target')
  await writeFile(target, 'precious')
  await symlink(target, join(folder, 'server.log'))
  await symlink(target, join(folder, 'port'))
  await symlink(target, join(folder, 'password'))
  await expect(startPostgres({ dataDirectory: folder })).rejects.toMatchObject({
    code: 'data-directory-unusable',
    cause: { code: 'ELOOP' },
  })
  await rm(join(folder, 'server.log'))
  server = await startPostgres({ dataDirectory: folder })
  expect(await readFile(target, 'utf8')).toBe('precious')
})

it.each([
  ['dataDirectory', { dataDirectory: '' }],
  ['port', { port: 65_536 }],
  ['port', { port: 1.5 }],
  ['database', { database: '' }],
  ['database', { database: 'x'.repeat(64) }],
  ['startTimeout', { startTimeout: 0 }],
  ['settings.listen_addresses', { settings: { listen_addresses: '*' } }],
  ['settings.Port', { settings: { Port: 1 } }],
  ['settings.a=b -c fsync', { settings: { 'a=b -c fsync': 'off' } }],
  ['environment.PGPORT', { environment: { PGPORT: '1' } }],
  ['environment.A=B', { environment: { 'A=B': '' } }],
  ['databse', { databse: 'bank' }],
])('refuses a bad option: %s', async (option, options) => {
  await expect(startPostgres({ dataDirectory, ...options })).rejects.toMatchObject({ code: 'invalid-option', option })
})

it('refuses what are no options', async () => {
  for (const options of [undefined, null, '.data'])
    await expect(startPostgres(options as never)).rejects.toMatchObject({ code: 'invalid-option' })
})
