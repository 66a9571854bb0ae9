import {
  eventHandler,
  on,
  onBatch,
  type ProjectionBatchContext,
  type ProjectionContext,
  projection,
  type SubscriptionDefinition,
  Subscriptions,
} from '@writ/event-handler'
import { EventTypes } from '@writ/event-store'
import { postgresEventStore, type SqlTransaction } from '@writ/event-store-postgres'
import { MoneyDeposited } from '../bank/account.js'
import { checkBalances, createBalances, upsertMany, upsertOne } from '../bank/balances.js'
import type { Loop } from '../closed-loop.js'
import { connectionPool, connectionStringIn } from '../connection-pool.js'
import { Handled } from '../handled.js'
import { AMOUNT } from '../preload.js'
import type { Environment, System } from '../system.js'

/**
 * Event handlers that are new to a log, from its first event to its last.
 *
 * @param events how many the log has
 * @param handlers how many there are at once; each handles all events, and the rate counts an event once
 */
export function writCatchUp(events: number, handlers = 1): System {
  return {
    name: handlers === 1 ? 'writ' : `writ ×${handlers}`,
    hasLatency: false,
    async open(environment) {
      const log = await openLog(environment)
      return {
        settings: `${handlers === 1 ? 'an event handler' : `${handlers} event handlers at once`} that does nothing; all as it comes`,
        operation: async () => {},
        async window() {
          const whole = new Handled(handlers)
          const definitions = Array.from({ length: handlers }, (_, handler) => {
            let count = 0
            const handle = () => {
              if (++count === events) whole.add(1)
            }
            return eventHandler({ name: log.newName(`no-op-${handler}-of-${handlers}`), on: [on(MoneyDeposited, handle)] })
          })
          const { operationsPerSecond } = await log.run(definitions, whole)
          return {
            latencies: new Float64Array(events),
            operationsPerSecond: (operationsPerSecond / handlers) * events,
            failuresPerSecond: 0,
          }
        },
        close: log.close,
      }
    },
  }
}

/**
 * A projection that is new to a log, with an upsert for each event.
 *
 * @param rows whether a page's rows are written by one statement, or each by its own
 */
export function writUpserts(events: number, rows: 'together' | 'each'): System {
  return {
    name: rows === 'together' ? 'writ upserts' : 'writ upsert each',
    hasLatency: false,
    async open(environment) {
      const log = await openLog(environment)
      const pool = connectionPool(environment, 1)
      return {
        settings:
          rows === 'together'
            ? 'a projection with a handler of batches: a page’s rows by one statement, in one transaction with its checkpoint'
            : 'a projection that runs a statement for each event, a page of them in one transaction with its checkpoint',
        operation: async () => {},
        async window(_, seconds) {
          await createBalances(pool)
          const handled = new Handled(events, rows === 'each' ? seconds : undefined)
          const name = log.newName(`balances-${rows}`)
          const loop = await log.run([rows === 'together' ? batches(name, handled) : oneByOne(name, handled)], handled)
          const { checkpoint } = (await log.store.checkpoints.list(`${name}@1`))[0]!
          await checkBalances(pool, checkpoint, AMOUNT)
          return loop
        },
        async close() {
          await pool.end()
          await log.close()
        },
      }
    },
  }
}

function batches(name: string, handled: Handled): SubscriptionDefinition {
  return projection<SqlTransaction>({
    name,
    onBatch: onBatch([MoneyDeposited], async (deposits, { client }: ProjectionBatchContext<SqlTransaction>) => {
      await client.query({ name: upsertMany.name, text: upsertMany.text, values: upsertMany.of(deposits) })
      handled.add(deposits.length)
    }),
  })
}

function oneByOne(name: string, handled: Handled): SubscriptionDefinition {
  return projection<SqlTransaction>({
    name,
    on: [
      on(MoneyDeposited, async (deposit, { client }: ProjectionContext<SqlTransaction>) => {
        await client.query({ name: upsertOne.name, text: upsertOne.text, values: upsertOne.of(deposit) })
        handled.add(1)
      }),
    ],
  })
}

/** A store over a log that is there, and subscriptions that come and go. */
async function openLog(environment: Environment) {
  const store = postgresEventStore({ connectionString: connectionStringIn(environment), schema: environment.schema })
  await store.start()
  let windows = 0
  return {
    store,
    newName: (name: string) => `${name}-${++windows}`,
    async run(definitions: readonly SubscriptionDefinition[], handled: Handled): Promise<Loop> {
      const subscriptions = new Subscriptions({ store, events: new EventTypes([MoneyDeposited]) })
      for (const definition of definitions) subscriptions.add(definition)
      await subscriptions.start()
      const loop = await handled.whole
      await subscriptions.stop()
      return loop
    },
    close: () => store.stop(),
  }
}
