import { setTimeout as pause } from 'node:timers/promises'
import { Application, module } from '@writ/application'
import { onBatch, type ProjectionBatchContext, projection, type ReadModelContext } from '@writ/event-handler'
import { postgresEventStore, type SqlTransaction } from '@writ/event-store-postgres'
import { Account, MoneyDeposited } from '../bank/account.js'
import type { Loop } from '../closed-loop.js'
import { AMOUNT } from '../preload.js'
import { CallingProcess, monotonic } from '../processes/calling-process.js'
import type { Environment, System } from '../system.js'

/** Milliseconds between two reads of the live version, and between two looks whether the new one is live. */
const PAUSE = 5

/**
 * A projection whose version is raised: from the start of the code that has the new one until that is live, by itself.
 *
 * @param writes how many events a second another process appends meanwhile
 */
export function writRebuild(writes: number): System {
  return {
    name: 'writ',
    hasLatency: false,
    async open(environment) {
      const appending = new CallingProcess()
      await appending.open('paced', environment)
      let version = 1
      await run(environment, [version], async (app) => {
        await untilLive(app, version)
        await app.waitFor((await app.projections.status('balances')).versions[0]!.head, {
          handlers: ['balances'],
          timeout: 600_000,
        })
      })
      return {
        settings: `a projection with a handler of batches, ${writes} writes a second by another process, and reads of the live version one after another`,
        operation: async () => {},
        async window() {
          const loop = await rebuild(environment, [version, version + 1], appending, writes)
          version++
          return loop
        },
        close: () => appending.close(),
      }
    },
  }
}

async function rebuild(
  environment: Environment,
  versions: readonly [number, number],
  appending: CallingProcess,
  writes: number,
): Promise<Loop> {
  let isBuilding = true
  const writing = (async () => {
    while (isBuilding) await appending.window(writes, monotonic(), 1)
  })()
  const start = performance.now()
  return run(environment, versions, async (app) => {
    let [reads, failed] = [0, 0]
    const reading = (async () => {
      for (; isBuilding; reads++) {
        await app.readModel('balances', sumOf).catch(() => failed++)
        await pause(PAUSE)
      }
    })()
    await untilLive(app, versions[1])
    const seconds = (performance.now() - start) / 1_000
    isBuilding = false
    await Promise.all([writing, reading])
    const { sum, position } = await app.readModel('balances', async (read) => ({
      sum: await wholeSum(read),
      position: await read.position(),
    }))
    if (sum !== position * AMOUNT) throw new Error(`The new version has ${sum} of ${position} deposits of ${AMOUNT}.`)
    if (reads === 0) throw new Error('Nothing was read meanwhile.')
    return {
      latencies: new Float64Array(position),
      operationsPerSecond: position / seconds,
      failuresPerSecond: failed / seconds,
    }
  })
}

async function run<T>(
  { connectionString, schema }: Environment,
  versions: readonly number[],
  work: (app: Application<SqlTransaction>) => Promise<T>,
): Promise<T> {
  const store = postgresEventStore({ connectionString, schema })
  const projections = versions.map((version) => balances(schema, version))
  const bank = module({ name: 'bank', aggregates: [Account], projections })
  const app = await Application.create({ store, modules: [bank] })
  await app.start()
  try {
    return await work(app)
  } finally {
    await app.stop()
  }
}

async function untilLive(app: Application<SqlTransaction>, version: number): Promise<void> {
  while ((await app.projections.status('balances')).live !== version) await pause(PAUSE)
}

type Names = ReadModelContext<SqlTransaction>

const balances = (schema: string, version: number) =>
  projection<SqlTransaction>({
    name: 'balances',
    version,
    schema,
    setUp: ({ sql, table }: Names) =>
      sql`create table if not exists ${table('balances')} (account text primary key, balance bigint not null)`,
    onBatch: onBatch([MoneyDeposited], (deposits, { sql, table }: ProjectionBatchContext<SqlTransaction>) => {
      const [accounts, amounts] = [deposits.map(({ account }) => account), deposits.map(({ amount }) => amount)]
      return sql`insert into ${table('balances')} as known
        select account, sum(amount) from unnest(${accounts}::text[], ${amounts}::bigint[]) rows (account, amount) group by account
        on conflict (account) do update set balance = known.balance + excluded.balance`
    }),
  })

/** What a reader asks for: a row by its key. */
const sumOf = ({ sql, table }: Names) => sql`select balance from ${table('balances')} where account = '00000000'`

async function wholeSum({ sql, table }: Names): Promise<number> {
  const [row] = await sql<{ sum: string }>`select sum(balance)::text sum from ${table('balances')}`
  return Number(row!.sum)
}
