import { eventHandler, on, type ProjectionContext, projection } from '@writ/event-handler'
import type { SqlTransaction } from '@writ/event-store-postgres'
import { DepositMoney, MoneyDeposited } from '../bank/account.js'
import { upsertOne } from '../bank/balances.js'
import { Completions } from '../bank/completions.js'
import { depositTo } from '../bank/values.js'
import { connectionStringIn, countRows } from '../connection-pool.js'
import { openLoop } from '../open-loop.js'
import { CallingProcess, monotonic } from '../processes/calling-process.js'
import type { System } from '../system.js'
import { openWritBank } from './writ-bank.js'

const ACCOUNTS = 1_000
const TIMEOUT_SECONDS = 30

const deposits = "events where type = 'money-deposited'"

/** From a dispatch until an event handler of the same process has the event. */
export function writLatency(name: string, perSecond: number): System {
  return {
    name,
    async open(environment) {
      const completions = new Completions()
      const seen = eventHandler({ name: 'seen', on: [on(MoneyDeposited, ({ transfer }) => completions.completed(transfer))] })
      const { app, accounts, pool, close } = await openWritBank(environment, ACCOUNTS, { eventHandlers: [seen] })
      return {
        settings: `${perSecond.toLocaleString('en')} a second, as it comes: an application with an aggregate and an event handler`,
        operation: async () => {},
        window: (_, seconds) =>
          openLoop(perSecond, seconds, async () => {
            const deposit = depositTo(accounts.next(0))
            const handled = completions.of(deposit.transfer, TIMEOUT_SECONDS).then(() => performance.now())
            const [at] = await Promise.all([handled, app.dispatch(new DepositMoney(deposit))])
            return at
          }),
        stored: () => countRows(pool, deposits),
        close,
      }
    },
  }
}

/** From a dispatch until its answer, which waits for a projection that writes a row for each event. */
export function writStrong(perSecond: number): System {
  return {
    name: 'writ strong',
    async open(environment) {
      const { text } = upsertOne
      const balances = projection<SqlTransaction>({
        name: 'balances',
        consistency: 'strong',
        setUp: ({ sql }) => sql`create table if not exists balances (account text primary key, balance bigint not null)`,
        on: [
          on(MoneyDeposited, async (deposit, { client }: ProjectionContext<SqlTransaction>) => {
            await client.query({ name: upsertOne.name, text, values: upsertOne.of(deposit) })
          }),
        ],
      })
      const place = { ...environment, connectionString: connectionStringIn(environment) }
      const { app, accounts, pool, close } = await openWritBank(place, ACCOUNTS, { projections: [balances] })
      return {
        settings: `${perSecond} a second: an application with an aggregate and a strong projection, which writes a row for each event`,
        operation: async () => {},
        window: (_, seconds) =>
          openLoop(perSecond, seconds, async () => {
            await app.dispatch(new DepositMoney(depositTo(accounts.next(0))), { consistency: 'strong' })
            return performance.now()
          }),
        stored: () => countRows(pool, deposits),
        close,
      }
    },
  }
}

/** From an append in another process until an event handler of this one has the event. */
export function writElsewhere(perSecond: number): System {
  return {
    name: 'writ elsewhere',
    async open(environment) {
      const seenAt = new Map<number, number>()
      const seen = eventHandler({
        name: 'seen',
        on: [on(MoneyDeposited, (_, { event: { position } }) => void seenAt.set(position, monotonic()))],
      })
      const { app, pool, close } = await openWritBank(environment, 1, { eventHandlers: [seen] })
      const appending = new CallingProcess()
      await appending.open('paced', environment)
      return {
        settings: `${perSecond} a second, appended by another process`,
        operation: async () => {},
        async window(_, seconds) {
          const { acknowledged = [], ...loop } = await appending.window(perSecond, monotonic(), seconds)
          await app.waitFor(acknowledged.at(-1)!.position, { handlers: ['seen'], timeout: 30_000 })
          return { ...loop, latencies: Float64Array.from(acknowledged, ({ position, at }) => seenAt.get(position)! - at) }
        },
        stored: () => countRows(pool, deposits),
        async close() {
          await appending.close()
          await close()
        },
      }
    },
  }
}
