import { pipeline } from 'node:stream/promises'
import { EventTypes } from '@writ/event-store'
import { postgresEventStore } from '@writ/event-store-postgres'
import { to } from 'pg-copy-streams'
import { MoneyDeposited } from '../bank/account.js'
import { connectionPool } from '../connection-pool.js'
import type { System } from '../system.js'

/** What a log of a schema is read by: stretches of it, one after another, and from the beginning again. */
interface Log {
  /** How many events it has, at the positions from 1 on. */
  readonly events: number
  /** How many one operation reads. */
  readonly stretch: number
}

const PAGE = 1_000

/** Where each operation begins. */
function stretches({ events, stretch }: Log): () => number {
  let next = 0
  return () => {
    const after = next
    next = (next + stretch) % events
    return after
  }
}

function mustBe(count: number, { stretch }: Log): void {
  if (count !== stretch) throw new Error(`${count} events were read, and not ${stretch}.`)
}

/** Instances of the events' class, as a projection gets them. */
export function writReplay(log: Log): System {
  return {
    name: 'writ',
    eventsPerOperation: log.stretch,
    hasLatency: false,
    async open({ connectionString, schema }) {
      const store = postgresEventStore({ connectionString, schema })
      await store.start()
      const types = new EventTypes([MoneyDeposited])
      const next = stretches(log)
      return {
        settings: 'readAll as it comes, each event decoded by EventTypes',
        async operation() {
          let count = 0
          for await (const page of store.readAll({ after: next(), limit: log.stretch })) {
            for (const stored of page) for (const { data } of types.decode(stored)) if (data instanceof MoneyDeposited) count++
          }
          mustBe(count, log)
        },
        close: () => store.stop(),
      }
    },
  }
}

/** The way that one would write it by hand: pages of rows as the driver gives them, the JSON parsed. */
export function rowsReplay(log: Log): System {
  return {
    name: 'rows',
    eventsPerOperation: log.stretch,
    hasLatency: false,
    async open(environment) {
      const pool = connectionPool(environment, 1)
      const next = stretches(log)
      return {
        settings: `prepared select, pages of ${PAGE.toLocaleString('en')}, objects and parsed JSON as pg gives them`,
        async operation() {
          let after = next()
          const upTo = after + log.stretch
          let count = 0
          while (after < upTo) {
            const { rows } = await pool.query<{ position: string }>({
              name: 'page',
              text: 'select * from events where position > $1 and position <= $2 order by position limit $3',
              values: [after, upTo, PAGE],
            })
            count += rows.length
            after = Number(rows.at(-1)!.position)
          }
          mustBe(count, log)
        },
        close: () => pool.end(),
      }
    },
  }
}

/** A limit: the bytes of a whole stretch as they come, with nothing made of them. */
export function copyReplay(log: Log): System {
  return {
    name: 'copy out',
    eventsPerOperation: log.stretch,
    hasLatency: false,
    async open(environment) {
      const pool = connectionPool(environment, 1)
      const next = stretches(log)
      return {
        settings: 'one COPY TO STDOUT, not parsed',
        async operation() {
          const after = next()
          const client = await pool.connect()
          try {
            const upTo = after + log.stretch
            const rows = client.query(
              to(`copy (select * from events where position > ${after} and position <= ${upTo} order by position) to stdout`),
            )
            await pipeline(rows, async (chunks) => {
              for await (const _ of chunks);
            })
            mustBe(rows.rowCount, log)
          } finally {
            client.release()
          }
        },
        close: () => pool.end(),
      }
    },
  }
}
