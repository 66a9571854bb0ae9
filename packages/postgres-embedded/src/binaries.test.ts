import { spawnSync } from 'node:child_process'
import { chmod, chown, cp, lstat, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { asNobody, asRoot, nobody } from '../test/as-other-user.js'
import { Child, endChildren } from '../test/child-process.js'
import { makeFolder, removeFolders } from '../test/folders.js'
import { findBinariesPackage, provideBinaries } from './binaries.js'
import { openDataDirectory } from './data-directory.js'
import { initialiseCluster } from './initialise-cluster.js'

afterEach(endChildren)
afterAll(removeFolders)

it('says what to do on a platform without binaries, or without the package for it', async () => {
  await expect(findBinariesPackage('win32-x64')).rejects.toMatchObject({
    code: 'unsupported-platform',
    platform: 'win32-x64',
    message: expect.stringContaining('DATABASE_URL'),
  })
  const elsewhere = process.platform === 'linux' ? 'darwin-arm64' : 'linux-x64'
  await expect(findBinariesPackage(elsewhere)).rejects.toMatchObject({ code: 'binaries-not-found', platform: elsewhere })
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
    await chmod(hidden, 0o755)
    for (const name of ['native', 'native/bin', 'native/bin/initdb', 'native/lib', 'native/share'])
      await chmod(join(source.directory, name), 0o700) // as installed under umask 077
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

it('says so where the system has no glibc', async () => {
  const data = await openDataDirectory(await makeFolder())
  // To a system without the loader that a program names, the program does not exist.
  const initdb = join(await makeFolder(), 'initdb')
  await writeFile(initdb, '#!/no/such/loader\n', { mode: 0o755 })
  const binaries = { initdb, postgres: initdb, release: async () => {} }
  const initialise = initialiseCluster(data, binaries, undefined, async (cluster) => cluster)
  await expect(initialise).rejects.toMatchObject({ code: 'unsupported-platform', message: expect.stringContaining('glibc') })
  expect(await readdir(data.path)).toEqual([])
})
