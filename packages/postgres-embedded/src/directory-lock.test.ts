import { once } from 'node:events'
import { symlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Child, endChildren } from '../test/child-process.js'
import { makeFolder, removeFolders } from '../test/folders.js'
import { query } from '../test/query.js'
import { lockDirectory } from './directory-lock.js'

afterEach(endChildren)
afterAll(removeFolders)

it('is held by one at a time, in one process as well', async () => {
  const directory = await makeFolder()
  const lock = await lockDirectory(directory)
  const refusal = { code: 'data-directory-in-use', pid: process.pid, dataDirectory: directory }
  await expect(lockDirectory(directory)).rejects.toMatchObject(refusal)
  await lock.release()
  await (await lockDirectory(directory)).release()
})

it('names the process that holds it, by whatever path the folder is reached', async () => {
  const directory = await makeFolder()
  const alias = join(await makeFolder(), 'alias')
  await symlink(directory, alias)
  const [first, second] = await Promise.all([Child.fork(), Child.fork()])
  await first.ask('lock', directory)
  await expect(second.ask('lock', alias)).rejects.toMatchObject({ code: 'data-directory-in-use', pid: first.pid })
})

it('is free as soon as its process is killed', async () => {
  const directory = await makeFolder()
  const child = await Child.fork()
  await child.ask('lock', directory)
  await child.end('SIGKILL')
  await (await lockDirectory(directory)).release()
})

it('answers without a pid where its process is too busy to tell', async () => {
  const directory = await makeFolder()
  const child = await Child.fork()
  await child.ask('lock', directory)
  process.kill(child.pid, 'SIGSTOP')
  await expect(lockDirectory(directory)).rejects.toMatchObject({ code: 'data-directory-in-use', pid: undefined })
})

it('goes to exactly one of several processes that start a server on a new folder at once', async () => {
  const directory = await makeFolder()
  const starters = await Promise.all([1, 2, 3, 4].map(() => Child.fork()))
  const outcomes = await Promise.allSettled(starters.map((starter) => starter.start({ dataDirectory: directory })))
  const started = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  expect(started).toHaveLength(1)
  const winner = starters[outcomes.findIndex(({ status }) => status === 'fulfilled')]
  for (const outcome of outcomes)
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'data-directory-in-use', pid: winner?.pid })
  expect(await query(started[0]?.connectionString ?? '', 'select 1 as one')).toEqual([{ one: 1 }])
})

const onLinux = process.platform === 'linux' ? it : it.skip // Elsewhere the lock is a file, which all containers share.

onLinux('is seen from another container, where abstract names differ but the folder is the same', async () => {
  const directory = await makeFolder()
  const inOtherContainer = createServer((socket) => socket.end('17')).listen(join(directory, 'lock.sock'))
  await once(inOtherContainer, 'listening')
  await expect(lockDirectory(directory)).rejects.toMatchObject({ code: 'data-directory-in-use', pid: 17 })
  inOtherContainer.close()
  await (await lockDirectory(directory)).release()
})

onLinux('works in a folder whose path is longer than that of a socket may be', async () => {
  const directory = join(await makeFolder(), 'long'.repeat(30), 'long'.repeat(30))
  const child = await Child.fork()
  await child.start({ dataDirectory: directory })
  await expect(lockDirectory(directory)).rejects.toMatchObject({ pid: child.pid })
})
