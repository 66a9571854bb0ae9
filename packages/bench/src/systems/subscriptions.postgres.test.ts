import { testDatabase } from '@writ/build-tools'
import pg from 'pg'
import { preload } from '../preload.js'
import type { System } from '../system.js'
import { writCatchUp, writUpserts } from './catch-up.js'
import { copyToEmmett, emmettConsumer } from './emmett-consumer.js'
import { rawNotify } from './raw-notify.js'
import { writElsewhere, writLatency, writStrong } from './writ-latency.js'
import { writRebuild } from './writ-rebuild.js'
import { writTakeover } from './writ-takeover.js'

const EVENTS = 2_000

async function environment() {
  const { connectionString, schema } = testDatabase()
  const client = new pg.Client({ connectionString })
  await client.connect()
  await client.query(`create schema ${schema}`)
  await client.end()
  return { connectionString, schema, callers: 1 }
}

async function filled() {
  const { connectionString, schema } = testDatabase()
  await preload({ connectionString, schema }, EVENTS, 10, () => {})
  return { connectionString, schema, callers: 1 }
}

async function window(
  system: System,
  place: Promise<{ connectionString: string; schema: string; callers: number }>,
  seconds = 0.3,
) {
  const open = await system.open(await place)
  try {
    const loop = await open.window!(1, seconds)
    const stored = await open.stored?.()
    if (stored !== undefined) expect(stored).toBe(loop.latencies.length)
    return loop
  } finally {
    await open.close()
  }
}

describe('a short window of', () => {
  it.each([
    ['handlers that catch up', writCatchUp(EVENTS)],
    ['ten handlers that catch up', writCatchUp(EVENTS, 10)],
    ['upserts by the page', writUpserts(EVENTS, 'together')],
    ['upserts one by one', writUpserts(EVENTS, 'each')],
  ])('%s handles events', async (_, system) => {
    expect((await window(system, filled(), 20)).latencies).toHaveLength(EVENTS)
  })

  it("Emmett's consumer handles the same events", async () => {
    const place = await filled()
    await copyToEmmett(place)
    const system = emmettConsumer('emmett', EVENTS, { batchSize: 500, pullingFrequencyInMs: 1 }, true)
    expect((await window(system, Promise.resolve(place), 20)).latencies).toHaveLength(EVENTS)
  })

  it.each([
    ['deposits until they are seen', writLatency('writ', 100)],
    ['strong deposits', writStrong(100)],
    ['appends elsewhere until they are seen', writElsewhere(100)],
    ['rows with a notification', rawNotify(100)],
  ])('%s measures each', async (_, system) => {
    const { latencies } = await window(system, environment())
    expect(latencies).toHaveLength(30)
    expect(Math.min(...latencies)).toBeGreaterThan(0)
  })

  it('a rebuild ends with a version that has every event, and fails no read', async () => {
    const { latencies, failuresPerSecond } = await window(writRebuild(100), filled())
    expect(latencies.length).toBeGreaterThanOrEqual(EVENTS)
    expect(failuresPerSecond).toBe(0)
  })
})

it('a killed process is measured until another one handles events', async () => {
  const { latencies } = await window(writTakeover, environment())
  expect(latencies).toHaveLength(1)
})
