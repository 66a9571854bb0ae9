import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { testDatabase } from '@writ/build-tools'
import { closeAfterAll, openStore, readEverything, times } from '../test/test-store.js'

closeAfterAll()
const run = promisify(execFile)

describe('Three processes that write to one stream', () => {
  it('store each event once, one after another, and each conflict names what was missed', async () => {
    const { connectionString, schema } = testDatabase()
    const store = await openStore({ connectionString, schema })
    const program = join(__dirname, '../test', 'appending-process.mjs')
    const processes = await Promise.all(
      times(3, () => run(process.execPath, [program, connectionString, schema, 'shared', '150'])),
    )
    const reports = processes.map(({ stdout }) => JSON.parse(stdout) as { ids: string[]; conflicts: number })
    const events = await readEverything(store)
    expect(events.map(({ version }) => version)).toEqual(times(450, (index) => index + 1))
    expect(new Set(events.map(({ id }) => id))).toEqual(new Set(reports.flatMap(({ ids }) => ids)))
    expect(reports.reduce((sum, { conflicts }) => sum + conflicts, 0)).toBeGreaterThan(0)
    const createdAt = events.map((event) => event.createdAt.getTime())
    expect(createdAt).toEqual([...createdAt].sort((a, b) => a - b))
  })
})
