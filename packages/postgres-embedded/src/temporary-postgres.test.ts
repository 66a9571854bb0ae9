import { readdir, stat } from 'node:fs/promises'
import os from 'node:os'
import { Child, endChildren } from '../test/child-process.js'
import { makeFolder, removeFolders } from '../test/folders.js'
import { query } from '../test/query.js'
import { startTemporaryPostgres } from './index.js'

afterEach(() => {
  endChildren()
  jest.restoreAllMocks()
})
afterAll(removeFolders)

const exists = async (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  )

it('starts on a folder of its own, and removes it when it stops', async () => {
  const server = await startTemporaryPostgres({ database: 'bank', settings: { fsync: 'off' } })
  expect(
    await query(server.connectionString, "select current_database() as database, current_setting('fsync') as fsync"),
  ).toEqual([{ database: 'bank', fsync: 'off' }])
  expect(await exists(server.dataDirectory)).toBe(true)
  await server.stop()
  expect(await exists(server.dataDirectory)).toBe(false)
})

it('removes its folder where it does not start', async () => {
  await expect(startTemporaryPostgres({ settings: { shared_buffers: 'plenty' } })).rejects.toMatchObject({ code: 'start-failed' })
})

it('has no folder to be told, and says so', async () => {
  const options = { dataDirectory: '.data' } as object
  await expect(startTemporaryPostgres(options)).rejects.toMatchObject({ code: 'invalid-option', option: 'dataDirectory' })
})

it('removes the folders that killed processes left, and no other', async () => {
  // A folder for temporary files of this test's own: with the clock put forward, another test's newest folder would look abandoned.
  const temporary = await makeFolder()
  jest.spyOn(os, 'tmpdir').mockReturnValue(temporary)
  const used = await startTemporaryPostgres()
  const child = await Child.fork({ env: { ...process.env, TMPDIR: temporary } })
  const abandoned = await child.ask<string>('startTemporary')
  await child.end('SIGKILL')
  expect(await exists(abandoned)).toBe(true)
  const later = Date.now() + 120_000
  jest.spyOn(Date, 'now').mockReturnValue(later)
  const server = await startTemporaryPostgres()
  expect(await exists(abandoned)).toBe(false)
  expect(await query(used.connectionString, 'select 1 as one')).toEqual([{ one: 1 }])
  expect(await readdir(temporary)).toHaveLength(2)
  await Promise.all([server.stop(), used.stop()])
  expect(await readdir(temporary)).toEqual([])
})
