import { testDatabase } from '@writ/build-tools'
import pg from 'pg'
import { inProcesses } from './in-processes.js'
import { heard } from './wake-up.js'
import { writAppend } from './writ-append.js'

async function environment(callers: number) {
  const { connectionString, schema } = testDatabase()
  const client = new pg.Client({ connectionString })
  await client.connect()
  await client.query(`create schema ${schema}`)
  await client.end()
  return { connectionString, schema, callers }
}

it('lets two processes append at a time, and counts what both did', async () => {
  const system = await inProcesses(writAppend, 2).open(await environment(4))
  try {
    const { latencies, operationsPerSecond, elsewhere } = await system.window!(4, 0.3)
    expect(latencies.length).toBeGreaterThan(0)
    expect(operationsPerSecond).toBeLessThanOrEqual(latencies.length / 0.3)
    expect(elsewhere!.cpu).toBeGreaterThan(0)
    expect(await system.stored!()).toBe(latencies.length)
  } finally {
    await system.close()
  }
})

it('tells what made a process fail', async () => {
  const missing = { ...(await environment(1)), connectionString: 'postgres://nobody@127.0.0.1:1/none' }
  await expect(inProcesses(writAppend, 1).open(missing)).rejects.toThrow('could not be reached')
})

it('measures how long another process waits to be woken, once for each append', async () => {
  const system = await heard.open(await environment(2))
  try {
    const { latencies } = await system.window!(2, 0.2)
    expect(latencies.length).toBe(await system.stored!())
    expect([...latencies].every((wait) => wait >= 0)).toBe(true)
  } finally {
    await system.close()
  }
})
