import { type EventStore, streamName } from '@writ/event-store'
import { postgresEventStore } from '@writ/event-store-postgres'
import { connectionPool, countRows } from '../connection-pool.js'
import { sampleEvent } from '../sample-event.js'
import type { System } from '../system.js'
import { newEvent } from './writ-append.js'

/** How many tags the preloaded events have: an event in ten has each. */
const EVENTS_PER_TAG = 10

/** Gives each preloaded event a tag, ten events the same one, far from each other in the log. */
export async function preloadTags(environment: Parameters<System['open']>[0], events: number): Promise<void> {
  const pool = connectionPool(environment, 1)
  try {
    await pool.query(
      `insert into tags (tag, position) select 'seat-' || n % ${events / EVENTS_PER_TAG}, n from generate_series(1, ${events}) n`,
    )
    await pool.query('vacuum analyze tags')
  } finally {
    await pool.end()
  }
}

/** Appends of one event with a tag of its own; with a condition, that nothing else may have the tag. */
export function writTagged(name: string, withCondition: boolean): System {
  return {
    name,
    async open(environment) {
      const { connectionString, schema } = environment
      const store = postgresEventStore({ connectionString, schema })
      await store.start()
      const pool = connectionPool(environment, 1)
      return {
        settings: withCondition ? 'as it comes, on the condition that no event has its tag' : 'as it comes, no condition',
        operation: () => append(store, name, withCondition),
        stored: () => countRows(pool, `events where stream >= '${name}-' and stream < '${name}.'`),
        async close() {
          await pool.end()
          await store.stop()
        },
      }
    },
  }
}

async function append(store: EventStore, category: string, withCondition: boolean): Promise<void> {
  const sample = sampleEvent()
  const tags = [`account-number:${sample.data.account}`]
  const condition = { failIfMatch: { items: [{ tags }] } }
  await store.append({
    stream: streamName(category, sample.data.account),
    events: [{ ...newEvent(sample), tags }],
    expectedVersion: 0,
    ...(withCondition && { condition }),
  })
}

/** Reads by one tag after another, as a decision over a boundary begins. */
export function writByTag(events: number): System {
  return {
    name: 'writ',
    async open({ connectionString, schema }) {
      const store = postgresEventStore({ connectionString, schema })
      await store.start()
      const tags = events / EVENTS_PER_TAG
      let turn = 0
      return {
        settings: `readAll as it comes, ${EVENTS_PER_TAG} events a tag`,
        async operation() {
          // Far apart, so that none is where the one before was.
          turn = (turn + 61_803) % tags
          let count = 0
          for await (const page of store.readAll({ query: { items: [{ tags: [`seat-${turn}`] }] } })) count += page.length
          if (count !== EVENTS_PER_TAG) throw new Error(`A tag was found ${count} times, and not ${EVENTS_PER_TAG} times.`)
        },
        close: () => store.stop(),
      }
    },
  }
}
