import { Application, module } from '@writ/application'
import { EventTypes } from '@writ/event-store'
import { postgresEventStore } from '@writ/event-store-postgres'
import { Account, MoneyDeposited } from '../bank/account.js'
import { connectionPool } from '../connection-pool.js'
import type { System } from '../system.js'

/** The names of the streams that were preloaded. */
async function streamNames(environment: Parameters<System['open']>[0]): Promise<readonly string[]> {
  const pool = connectionPool(environment, 1)
  try {
    return (await pool.query<{ stream: string }>('select stream from events where version = 1 order by position')).rows.map(
      ({ stream }) => stream,
    )
  } finally {
    await pool.end()
  }
}

/** One stream after another, its first so many events, as an aggregate is loaded that is not in memory. */
export function writLoad(events: number): System {
  return {
    name: `writ ${events}`,
    async open(environment) {
      const { connectionString, schema } = environment
      const names = await streamNames(environment)
      const store = postgresEventStore({ connectionString, schema })
      await store.start()
      const types = new EventTypes([MoneyDeposited])
      let turn = 0
      return {
        settings: `readStream as it comes, ${events.toLocaleString('en')} events, each decoded by EventTypes`,
        async operation() {
          let balance = 0
          for await (const page of store.readStream(names[turn++ % names.length]!, { toVersion: events, durable: false })) {
            for (const stored of page) for (const event of types.decodeData(stored)) balance += (event as MoneyDeposited).amount
          }
          if (balance !== events * 125) throw new Error(`A stream came to ${balance}: not all of its events were read.`)
        },
        close: () => store.stop(),
      }
    },
  }
}

/** The same events made a state of, as a command finds it whose aggregate is not in memory. */
export function writState(events: number): System {
  return {
    name: `state ${events}`,
    async open(environment) {
      const { connectionString, schema } = environment
      const names = await streamNames(environment)
      const store = postgresEventStore({ connectionString, schema })
      const app = await Application.create({ store, modules: [module({ name: 'bank', aggregates: [Account] })] })
      await app.start()
      let turn = 0
      return {
        settings: `stateOf of an account that is not in memory, at version ${events.toLocaleString('en')}`,
        async operation() {
          const account = names[turn++ % names.length]!.slice('account-'.length)
          const { state } = await app.stateOf(Account, account, { at: { version: events } })
          if (state.balance !== events * 125) throw new Error(`A state came to ${state.balance}: not all events were applied.`)
        },
        close: () => app.stop(),
      }
    },
  }
}

/** The same with one select, whose rows the driver makes objects of. */
export function rowsLoad(events: number): System {
  return {
    name: `rows ${events}`,
    async open(environment) {
      const names = await streamNames(environment)
      const pool = connectionPool(environment, 1)
      let turn = 0
      return {
        settings: `one prepared select of ${events.toLocaleString('en')} events, objects and parsed JSON as pg gives them`,
        async operation() {
          const { rows } = await pool.query<{ data: { amount: number } }>({
            name: 'stream',
            text: 'select * from events where stream = $1 and version <= $2 order by version',
            values: [names[turn++ % names.length], events],
          })
          const balance = rows.reduce((sum, { data }) => sum + data.amount, 0)
          if (balance !== events * 125) throw new Error(`A stream came to ${balance}: not all of its events were read.`)
        },
        close: () => pool.end(),
      }
    },
  }
}
