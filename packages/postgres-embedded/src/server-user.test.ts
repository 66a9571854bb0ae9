import { spawnSync } from 'node:child_process'
import { chmod, chown, cp, lstat, mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Child, endChildren } from '../test/child-process.js'
import { makeFolder, removeFolders } from '../test/folders.js'
import { query } from '../test/query.js'
import { findBinariesPackage, provideBinaries } from './binaries.js'
import { type PostgresServer, startPostgres } from './index.js'
import { canEnter, serverUser } from './server-user.js'

jest.setTimeout(60_000) // Real servers, on machines that are busy with other tests.

let server: PostgresServer | undefined
afterEach(async () => {
  endChildren()
  await server?.stop()
  server = undefined
})
afterAll(removeFolders)

const nobody = { uid: 65_534, gid: 65_534 }
const isRoot = process.getuid?.() === 0 && process.platform === 'linux'
const asRoot = isRoot ? it : it.skip // Only root can become another user.
const nobodyCanRunThis =
  isRoot &&
  spawnSync(process.execPath, ['-e', 'require("node:fs").readFileSync(process.argv[1])', __filename], nobody).status === 0
const asNobody = nobodyCanRunThis ? it : it.skip // The checkout may stand where nobody else can read it.

asRoot('runs the server as an unprivileged user where this process is root', async () => {
  server = await startPostgres({ dataDirectory: await makeFolder() })
  expect((await stat(`/proc/${server.pid}`)).uid).toBe(nobody.uid)
  expect((await stat(join(server.dataDirectory, 'cluster'))).uid).toBe(nobody.uid)
  expect((await stat(join(server.dataDirectory, 'password'))).uid).toBe(0)
})

asRoot('keeps the data where it was asked to, below a folder that only root can enter', async () => {
  const home = await makeFolder(0o700)
  const dataDirectory = join(home, 'project', 'data')
  server = await startPostgres({ dataDirectory, database: 'bank' })
  expect(await canEnter(home, nobody)).toBe(false)
  await query(server.connectionString, 'create table kept as select 1 as one')
  await server.stop()
  server = await startPostgres({ dataDirectory, database: 'bank' })
  expect(server.dataDirectory).toBe(dataDirectory)
  expect(await query(server.connectionString, 'select one from kept')).toEqual([{ one: 1 }])
  expect((await stat(home)).mode & 0o777).toBe(0o700)
  process.kill(server.pid, 'SIGKILL')
  await server.exited
  server = await startPostgres({ dataDirectory, database: 'bank' })
  expect(await query(server.connectionString, 'select one from kept')).toEqual([{ one: 1 }])
})

asNobody('runs as an ordinary user with an empty home and no environment', async () => {
  const home = await makeFolder()
  await chown(home, nobody.uid, nobody.gid)
  await chmod(home, 0o700)
  const child = await Child.fork({ ...nobody, env: { HOME: home } })
  const { connectionString, pid } = await child.start({ dataDirectory: join(home, 'data') })
  expect(await query(connectionString, 'select 1 as one')).toEqual([{ one: 1 }])
  expect((await stat(`/proc/${pid}`)).uid).toBe(nobody.uid)
  await child.ask('stop')
})

asNobody("refuses a folder that is another user's", async () => {
  const folder = await makeFolder()
  await expect((await Child.fork(nobody)).start({ dataDirectory: folder })).rejects.toMatchObject({
    code: 'data-directory-unusable',
  })
  await chown(folder, nobody.uid, nobody.gid)
  await mkdir(join(folder, 'cluster'))
  await expect((await Child.fork(nobody)).start({ dataDirectory: folder })).rejects.toMatchObject({
    code: 'data-directory-unusable',
    message: expect.stringContaining('uid 0'),
  })
})

describe('the binaries', () => {
  let hidden: string
  const log = () => {}
  const runs = (program: string) => spawnSync(program, ['--version'], { ...nobody, cwd: '/', encoding: 'utf8' }).stdout

  /** The package as it is installed: without the links that its install script would make. */
  async function copyOfPackage() {
    const source = await findBinariesPackage()
    const directory = join(hidden, 'package')
    await cp(source.directory, directory, { recursive: true, filter: async (path) => !(await lstat(path)).isSymbolicLink() })
    return { ...source, directory }
  }

  beforeEach(async () => {
    hidden = await makeFolder(0o700)
  })
  afterEach(() => rm(hidden, { recursive: true }))

  asRoot('are copied into the data folder where the user of the server can not enter node_modules, once', async () => {
    const source = await copyOfPackage()
    const dataDirectory = await makeFolder()
    await mkdir(join(dataDirectory, 'binaries-17.0.0'))
    const first = await provideBinaries(source, dataDirectory, nobody, log)
    expect(runs(first.initdb)).toContain('18.4')
    expect(runs(first.postgres)).toContain('18.4')
    await first.release()
    const { ino } = await stat(first.postgres)
    const second = await provideBinaries(source, dataDirectory, nobody, log)
    expect(second.postgres).toBe(first.postgres)
    expect((await stat(second.postgres)).ino).toBe(ino)
    expect(await readdir(dataDirectory)).toEqual([`binaries-${source.version}`])
  })

  asRoot('are copied anew where another user could have changed the copy', async () => {
    const source = await copyOfPackage()
    const dataDirectory = await makeFolder()
    const copy = join(dataDirectory, `binaries-${source.version}`)
    await mkdir(copy)
    await chmod(copy, 0o777)
    const binaries = await provideBinaries(source, dataDirectory, nobody, log)
    expect(runs(binaries.initdb)).toContain('18.4')
    expect((await stat(copy)).mode & 0o022).toBe(0)
  })

  asRoot('are copied for one run where that user can enter neither node_modules nor the data folder', async () => {
    const source = await copyOfPackage()
    const dataDirectory = await makeFolder(0o700)
    const killed = await provideBinaries(source, dataDirectory, nobody, log)
    const binaries = await provideBinaries(source, dataDirectory, nobody, log)
    expect(runs(binaries.initdb)).toContain('18.4')
    expect(await stat(killed.initdb).catch(() => 'removed')).toBe('removed')
    await binaries.release()
    expect(await stat(binaries.initdb).catch(() => 'removed')).toBe('removed')
    expect(await readdir(dataDirectory)).toEqual([])
  })

  asNobody('are copied into the data folder where node_modules can be read but not written', async () => {
    const source = await copyOfPackage()
    await chmod(hidden, 0o755)
    const dataDirectory = await makeFolder()
    await chown(dataDirectory, nobody.uid, nobody.gid)
    const child = await Child.fork(nobody)
    const initdb = await child.ask<string>('provideBinaries', source, dataDirectory)
    expect(initdb).toContain(dataDirectory)
    expect(runs(initdb)).toContain('18.4')
  })
})

it('says what to do on a platform without binaries, or without the package for it', async () => {
  await expect(findBinariesPackage('win32-x64')).rejects.toMatchObject({
    code: 'unsupported-platform',
    platform: 'win32-x64',
    message: expect.stringContaining('DATABASE_URL'),
  })
  const elsewhere = process.platform === 'linux' ? 'darwin-arm64' : 'linux-x64'
  await expect(findBinariesPackage(elsewhere)).rejects.toMatchObject({ code: 'binaries-not-found', platform: elsewhere })
})

it('changes no user where this process is an ordinary one', async () => {
  const getuid = jest.spyOn(process, 'getuid').mockReturnValue(1000)
  expect(await serverUser('/nowhere')).toBeUndefined()
  getuid.mockRestore()
})
