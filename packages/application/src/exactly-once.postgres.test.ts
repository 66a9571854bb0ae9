// Real processes on a real database, killed in earnest. They run what was built, as a service does.
import { join } from 'node:path'
import { type ProcessEnd, type TestProcess, testDatabase, testProcesses, until } from '@writ/build-tools'
import { postgresEventStore } from '@writ/event-store-postgres'
import { readJournal } from '@writ/process-manager'

const script = join(__dirname, '../test/transfers.mjs')
const start = testProcesses()

/** A transfer to a closed account: every step that a process manager has, compensation included. */
class Transfer {
  private readonly database = testDatabase()

  begin(failpoints = ''): TestProcess {
    const { connectionString, schema } = this.database
    return start(script, [connectionString, schema], { failpoints })
  }

  /** Takes the transfer as far as it goes. */
  run(failpoints?: string): Promise<ProcessEnd> {
    return this.begin(failpoints).ended()
  }

  /** What has happened, stream by stream, and what the process remembers of it. */
  async outcome() {
    const store = postgresEventStore(this.database)
    await store.start()
    const streams: Record<string, string[]> = {}
    for await (const page of store.readAll())
      for (const { stream, type } of page) streams[stream] = [...(streams[stream] ?? []), type]
    const journal = await readJournal(store, 'transfer', 't1')
    await store.stop()
    return { streams, isEnded: journal.at(-1)?.ended }
  }
}

const expected = {
  streams: {
    'account-ann': ['deposited', 'withdrawn', 'refunded'],
    'account-bob': ['closed'],
    'transfer-t1': ['requested', 'refused'],
    '$process.transfer-t1': Array.from({ length: 4 }, () => 'writ.process-advanced'),
  },
  isEnded: true,
}

const steps = [
  ['before an entry is journaled', 'pm.beforeJournal', 3],
  ['when an entry is stored and its answer is lost', 'test.journalStored', 4],
  ['after an entry is journaled', 'pm.afterJournal', 3],
  ['before a command is dispatched', 'pm.beforeDispatch', 4],
  // The three commands of the service itself come first.
  ['when a command is stored and its answer is lost', 'test.commandStored', 7],
  ['after a command is dispatched', 'pm.afterDispatch', 4],
  ['after a refusal is journaled', 'pm.afterOutcome', 1],
  ['before a checkpoint is stored', 'subscription.beforeCheckpoint', 2],
  ['after a checkpoint is stored', 'subscription.afterCheckpoint', 2],
] as const

describe('a process manager whose process is killed', () => {
  it('needs no more than one process when none is', async () => {
    const transfer = new Transfer()
    expect(await transfer.run()).toBe(0)
    expect(await transfer.outcome()).toEqual(expected)
  })

  it.each(steps)('%s, has each command take effect once', async (_, failpoint, times) => {
    const ends = Array.from({ length: times }, async (_, index) => {
      const transfer = new Transfer()
      const died = await transfer.run(`${failpoint}:${index + 1}=SIGKILL`)
      const resumed = await transfer.run()
      return { time: index + 1, died, resumed, outcome: await transfer.outcome() }
    })
    expect(await Promise.all(ends)).toEqual(
      ends.map((_, index) => ({ time: index + 1, died: 'SIGKILL', resumed: 0, outcome: expected })),
    )
  })
})

describe('a process manager whose process is frozen, and thaws when another has taken over and finished', () => {
  it.each([
    ['before an entry is journaled', 'pm.beforeJournal:2'],
    ['after an entry is journaled', 'pm.afterJournal:1'],
    ['before a command is dispatched', 'pm.beforeDispatch:1'],
    ['before a command is dispatched that was refused to the other', 'pm.beforeDispatch:2'],
    ['after a command is dispatched', 'pm.afterDispatch:2'],
    ['after a refusal is journaled', 'pm.afterOutcome:1'],
  ])('%s: changes nothing', async (_, failpoint) => {
    const transfer = new Transfer()
    const zombie = transfer.begin(`${failpoint}=SIGSTOP`)
    await until('it has started', () => zombie.newest === 'started')
    expect(await transfer.run()).toBe(0)
    const before = await transfer.outcome()
    zombie.thaw()
    expect(await zombie.ended()).toBe(0)
    expect(before).toEqual(expected)
    expect(await transfer.outcome()).toEqual(expected)
  })
})
