import { eventHandler, on, Subscriptions } from '@writ/event-handler'
import { EventTypes } from '@writ/event-store'
import { postgresEventStore } from '@writ/event-store-postgres'
import { MoneyDeposited } from '../bank/account.js'
import { handled } from '../handled.js'
import type { System } from '../system.js'

/**
 * Event handlers that are new to a log, from its first event to its last.
 *
 * @param events how many the log has
 * @param handlers how many there are at once; each handles all events, and a rate counts an event once
 */
export function writCatchUp(events: number, handlers = 1): System {
  return {
    name: handlers === 1 ? 'writ' : `writ ×${handlers}`,
    hasLatency: false,
    async open({ connectionString, schema }) {
      const store = postgresEventStore({ connectionString, schema })
      await store.start()
      let windows = 0
      return {
        settings: `${handlers === 1 ? 'an event handler' : `${handlers} event handlers at once`} that does nothing; all as it comes`,
        operation: async () => {},
        async window() {
          const subscriptions = new Subscriptions({ store, events: new EventTypes([MoneyDeposited]) })
          const counts = new Array<number>(handlers).fill(0)
          const window = ++windows
          const whole = handled(events)
          let running = handlers
          for (let handler = 0; handler < handlers; handler++) {
            const count = () => {
              if (++counts[handler]! === events && --running === 0) whole.end()
            }
            subscriptions.add(
              eventHandler({ name: `no-op-${window}-${handler}-of-${handlers}`, on: [on(MoneyDeposited, count)] }),
            )
          }
          await subscriptions.start()
          const loop = await whole.ended
          await subscriptions.stop()
          return loop
        },
        close: () => store.stop(),
      }
    },
  }
}
