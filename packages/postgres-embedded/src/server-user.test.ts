import { chmod, chown, mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { asNobody, asRoot, nobody } from '../test/as-other-user.js'
import { Child, endChildren } from '../test/child-process.js'
import { makeFolder, removeFolders } from '../test/folders.js'
import { query } from '../test/query.js'
import { type PostgresServer, startPostgres } from './index.js'
import { canEnter, serverUser } from './server-user.js'

let server: PostgresServer | undefined
afterEach(async () => {
  endChildren()
  await server?.stop()
  server = undefined
})
afterAll(removeFolders)

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

it('changes no user where this process is an ordinary one', async () => {
  const getuid = jest.spyOn(process, 'getuid').mockReturnValue(1000)
  expect(await serverUser('/nowhere')).toBeUndefined()
  getuid.mockRestore()
})
