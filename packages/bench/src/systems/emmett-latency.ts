import { postgreSQLEventStoreConsumer } from '@event-driven-io/emmett-postgresql'
import { systemRuntime } from '@writ/event-store'
import { AccountNumbers } from '../bank/account-numbers.js'
import { Completions } from '../bank/completions.js'
import { type AccountEvent, type AccountOpened, accountHandler, deposit } from '../bank/emmett-account.js'
import { depositTo, opening } from '../bank/values.js'
import { connectionStringIn } from '../connection-pool.js'
import { openLoop } from '../open-loop.js'
import { type Environment, OperationFailed, type System } from '../system.js'
import { type Pulling, settingsOf } from './emmett-consumer.js'
import { openEmmettStore } from './emmett-store.js'

const ACCOUNTS = 1_000
const CONNECTIONS = 4
/** Its consumer may pass over an event that became visible after a later one: what has not come by then does not come. */
const TIMEOUT_SECONDS = 5

/** A database holds one Emmett: the first system's schema is that of all. */
const homes = new Map<string, Environment>()

/** From a command until a reactor of the same process has its event. */
export function emmettLatency(name: string, perSecond: number, pulling: Pulling): System {
  return {
    name,
    async open(environment) {
      const home = homes.get(environment.connectionString) ?? environment
      homes.set(environment.connectionString, home)
      const { store, pool } = await openEmmettStore({ ...home, callers: CONNECTIONS }, CONNECTIONS)
      const accounts = new AccountNumbers(ACCOUNTS, 1)
      const ids = () => ({ correlationId: systemRuntime.uuid(), causationId: systemRuntime.uuid() })
      for (const account of accounts.all) {
        const opened = { type: 'account-opened', data: opening(account), metadata: ids() } as const
        await store.appendToStream<AccountOpened>(`account-${account}`, [opened], { expectedStreamVersion: 0n })
      }
      const completions = new Completions()
      const consumer = postgreSQLEventStoreConsumer<AccountEvent>({ connectionString: connectionStringIn(home), pulling })
      consumer.reactor({
        processorId: name,
        eachMessage: async ({ type, data }) => {
          if (type === 'money-deposited') completions.completed((data as { transfer: string }).transfer)
        },
      })
      const running = consumer.start()
      running.catch(() => 'its events are waited for in vain, which is told')
      const handle = accountHandler({ onVersionConflict: true })
      return {
        settings: `CommandHandler and a reactor; ${settingsOf(pulling)}`,
        operation: async () => {},
        window: (_, seconds) =>
          openLoop(perSecond, seconds, async () => {
            const account = accounts.next(0)
            const data = depositTo(account)
            const handled = completions.of(data.transfer, TIMEOUT_SECONDS).then(
              () => performance.now(),
              (cause: Error) => {
                throw new OperationFailed('The event was passed over.', { cause })
              },
            )
            const [at] = await Promise.all([handled, handle(store, account, (state) => deposit(state, data, ids()))])
            return at
          }),
        async close() {
          homes.delete(environment.connectionString)
          await consumer.close()
          await store.close()
          await pool.end()
        },
      }
    },
  }
}
