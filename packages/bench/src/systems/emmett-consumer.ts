import { postgreSQLEventStoreConsumer } from '@event-driven-io/emmett-postgresql'
import { createBalances, type Deposit, upsertOne } from '../bank/balances.js'
import type { MoneyDeposited } from '../bank/emmett-account.js'
import { connectionPool, connectionStringIn } from '../connection-pool.js'
import { Handled } from '../handled.js'
import type { Environment, System } from '../system.js'
import { openEmmettStore } from './emmett-store.js'

export interface Pulling {
  readonly batchSize?: number
  readonly pullingFrequencyInMs?: number
}

/** Puts the events that are in Writ's table into Emmett's, too. */
export async function copyToEmmett(environment: Environment): Promise<void> {
  const { store, pool } = await openEmmettStore({ ...environment, callers: 1 }, 1)
  try {
    await pool.query('set statement_timeout = 0; set synchronous_commit = off')
    await pool.query(`
      insert into emt_messages (stream_id, stream_position, global_position, transaction_id, message_schema_version, message_id,
        message_type, message_data, message_metadata)
      select stream, version, position, pg_current_xact_id(), '1', id::text, type, data, metadata from events order by position`)
    await pool.query('vacuum analyze emt_messages')
  } finally {
    await store.close()
    await pool.end()
  }
}

/**
 * Emmett's consumer with one reactor that is new to the log: what it comes to within the window.
 *
 * @param events how many the log has
 */
export function emmettConsumer(name: string, events: number, pulling: Pulling, withUpserts = false): System {
  return {
    name,
    hasLatency: false,
    async open(environment) {
      const pool = connectionPool(environment, 1)
      const connectionString = connectionStringIn(environment)
      let windows = 0
      return {
        settings: `${withUpserts ? 'a reactor that runs a statement for each event' : 'a reactor that does nothing'}; ${settingsOf(pulling)}`,
        operation: async () => {},
        async window(_, seconds) {
          if (withUpserts) await createBalances(pool)
          const handled = new Handled(events, seconds)
          const consumer = postgreSQLEventStoreConsumer<MoneyDeposited>({ connectionString, pulling })
          consumer.reactor({
            processorId: `${name}-${++windows}`,
            eachMessage: async ({ data }, { connection }) => {
              if (withUpserts) {
                const values = upsertOne.of(data as Deposit)
                await connection.client.query({ name: upsertOne.name, text: upsertOne.text, values })
              }
              handled.add(1)
            },
          })
          const running = consumer.start()
          const loop = await Promise.race([handled.whole, running.then(() => handled.whole)])
          await consumer.close()
          return loop
        },
        close: () => pool.end(),
      }
    },
  }
}

export function settingsOf({ batchSize, pullingFrequencyInMs }: Pulling): string {
  if (batchSize === undefined) return 'its consumer at its defaults, 100 events a batch and 50 ms between them'
  return `its consumer at its best: ${batchSize.toLocaleString('en')} events a batch, ${pullingFrequencyInMs} ms between them`
}
