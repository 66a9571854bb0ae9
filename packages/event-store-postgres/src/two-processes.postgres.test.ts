import { join } from 'node:path'
import { testDatabase, testProcesses } from '@writ/build-tools'
import { closeAfterAll, openStore, readEverything, times } from '../test/test-store.js'

closeAfterAll()
const script = join(__dirname, '../test/appending-process.mjs')

describe('Three processes that write to one stream', () => {
  const start = testProcesses()

  it('store each event once, one after another, and each conflict names what was missed', async () => {
    const { connectionString, schema } = testDatabase()
    const store = await openStore({ connectionString, schema })
    const processes = times(3, () => start(script, [connectionString, schema, 'shared', 150]))
    expect(await Promise.all(processes.map((appending) => appending.ended()))).toEqual([0, 0, 0])
    const reports = processes.map(({ printed }) => JSON.parse(printed) as { ids: string[]; conflicts: number })
    const events = await readEverything(store)
    expect(events.map(({ version }) => version)).toEqual(times(450, (index) => index + 1))
    expect(new Set(events.map(({ id }) => id))).toEqual(new Set(reports.flatMap(({ ids }) => ids)))
    expect(reports.reduce((sum, { conflicts }) => sum + conflicts, 0)).toBeGreaterThan(0)
    const createdAt = events.map((event) => event.createdAt.getTime())
    expect(createdAt).toEqual([...createdAt].sort((a, b) => a - b))
  })
})
