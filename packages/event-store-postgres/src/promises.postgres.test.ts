// What group commit promises, asked of real processes that are killed and of a real server that crashes. Each test has a mutant beside it
// that shows that it can fail. `npm run test:long` runs them for minutes instead of seconds.

import { slowDisk, type TestDatabase, testDatabase, testProcesses, until, whyNoSlowDisk } from '@writ/build-tools'
import { foreignTransaction } from '../test/foreign-transaction.js'
import { type History, noViolations, violationsOf } from '../test/load/history.js'
import { Load, type LoadOptions, type ReaderKind } from '../test/load/load.js'
import { acknowledgeBeforeTheFlush, numberWithoutTheLock } from '../test/load/mutants.js'
import { PrivateServer } from '../test/private-server.js'
import { closeAfterAll } from '../test/test-store.js'
import { migratePostgresEventStore } from './index.js'

closeAfterAll()
const startProcess = testProcesses()

const isLong = process.env.WRIT_LONG_TESTS === '1'
const kills = isLong ? 100 : 4
const crashes = isLong ? 40 : 2
const PATIENCE = isLong ? 900_000 : 180_000

const processes = { writers: 4, appenders: 16 }
/** Milliseconds that a flush takes besides its own time. */
const FLUSH = 100
/** How many events are acknowledged between one fault and the next. */
const between = 400

interface Run {
  readonly history: History
  /** The codes of what went wrong in the processes. */
  readonly failures: readonly string[]
}

async function withLoad(options: Omit<LoadOptions, 'startProcess'>, during: (load: Load) => Promise<void>): Promise<Run> {
  const load = await Load.start({ ...options, startProcess })
  await during(load)
  return { history: await load.finish(), failures: [...new Set(load.failures)] }
}

/** What a run would be if there had been no other reader. */
const onlyWith = (reader: ReaderKind, { delivered, ...history }: History): History => ({
  ...history,
  delivered: new Map([[reader, delivered.get(reader)!]]),
})

async function appended(load: Load): Promise<void> {
  const before = load.acknowledgedCount
  await until('appends were acknowledged', () => load.acknowledgedCount >= before + between || load.failures.length > 0, 30_000)
}

describe('64 appenders in four processes, which are killed at random, while a foreign transaction is open', () => {
  async function killingWriters(times: number, change?: (database: TestDatabase) => Promise<void>): Promise<Run> {
    const database = testDatabase()
    await migratePostgresEventStore(database)
    await change?.(database)
    const endForeign = await foreignTransaction(database)
    const run = await withLoad({ ...database, ...processes, readers: ['durable'] }, async (load) => {
      for (let kill = 0; kill < times; kill++) {
        await appended(load)
        await load.killWriter(Math.floor(Math.random() * processes.writers))
      }
      await appended(load)
    })
    await endForeign()
    return run
  }

  it(
    'lose, skip, double and disorder nothing that was acknowledged',
    async () => {
      const { history, failures } = await killingWriters(kills)
      expect(violationsOf(history)).toEqual(noViolations)
      expect(failures).toEqual([])
    },
    PATIENCE,
  )

  it(
    'would make a reader skip events if they were not numbered under the lock',
    async () => {
      const { history } = await killingWriters(1, numberWithoutTheLock)
      expect(violationsOf(history).skipped).toBeGreaterThan(0)
    },
    PATIENCE,
  )
})

const why = whyNoSlowDisk()
const itOnSlowDisk = why ? it.skip : it
const reason = why ? ` [skipped: ${why}]` : ''

describe('A server that crashes again and again under load, on a slow disk', () => {
  interface Crashes {
    readonly readers: LoadOptions['readers']
    /** How often it crashes at least; up to ten times more until `isSeen`. */
    readonly atLeast: number
    /** Asked as soon as the server is back. */
    isSeen(history: History): boolean
    /** Whether this is a moment at which a crash can do harm. */
    isMoment(load: Load): boolean
    change?(database: TestDatabase): Promise<void>
  }

  async function crashing({ readers, atLeast, isSeen, isMoment, change }: Crashes): Promise<Run & { seen: boolean }> {
    const disk = await slowDisk(FLUSH)
    // The server's own background flush is to save nothing that somebody should have waited for.
    const settings = { wal_writer_delay: '10s', wal_writer_flush_after: '1GB' }
    const server = await PrivateServer.start({ environment: disk.environment, settings })
    const database = { connectionString: server.connectionString, schema: 'writ' }
    try {
      await migratePostgresEventStore(database)
      await change?.(database)
      let seen = false
      const run = await withLoad({ ...database, ...processes, readers }, async (load) => {
        for (let crash = 0; crash < atLeast || (crash < atLeast + 10 && !seen); crash++) {
          await appended(load)
          await until('a crash can do harm', () => isMoment(load) || load.failures.length > 0, 30_000)
          await server.crash(crash % 2 === 0 ? 'immediate' : 'kill')
          await server.start()
          seen = isSeen(await load.soFar()) || seen
        }
        await appended(load)
      })
      return { ...run, seen }
    } finally {
      await server.remove()
      await disk.remove()
    }
  }

  itOnSlowDisk(
    `takes back nothing that was acknowledged, or given to a durable reader; a plain one is given what goes${reason}`,
    async () => {
      const { history, failures, seen } = await crashing({
        readers: ['durable', 'plain'],
        atLeast: crashes,
        isSeen(soFar) {
          // What is gone now may come back to its place later: a batch whose answer was lost is sent again.
          expect(violationsOf(onlyWith('durable', soFar))).toMatchObject({ gone: 0, lost: 0 })
          return violationsOf(onlyWith('plain', soFar)).gone > 0
        },
        isMoment: (load) => load.isAhead('plain'),
      })
      expect(violationsOf(onlyWith('durable', history))).toEqual(noViolations)
      expect(failures).toEqual([])
      expect(seen).toBe(true)
    },
    PATIENCE,
  )

  itOnSlowDisk(
    `would lose what was acknowledged before the flush, and the processes would notice${reason}`,
    async () => {
      const { failures, seen } = await crashing({
        // A durable reader would make sure of the flush by itself.
        readers: [],
        atLeast: 1,
        isSeen: (soFar) => violationsOf(soFar).lost > 0,
        isMoment: () => true,
        change: acknowledgeBeforeTheFlush,
      })
      expect(seen).toBe(true)
      expect(failures).toEqual(['log-rewound'])
    },
    PATIENCE,
  )
})
