import { connectionPool } from '../connection-pool.js'
import type { Environment, System } from '../system.js'

/**
 * The same, but each batch holds the lock that numbers events until it is flushed: group commit without its second half. Shown beside
 * what Writ does instead (docs/decisions/0001).
 */
export function flushedUnderTheLock(system: System): System {
  return {
    ...system,
    name: `${system.name} holding the lock`,
    async open(environment) {
      const opened = await system.open(environment)
      try {
        await holdTheLock(environment)
      } catch (error) {
        await opened.close()
        throw error
      }
      return { ...opened, settings: `${opened.settings}; the first commit flushes` }
    },
  }
}

const asynchronous = 'set local synchronous_commit = off;'
const flushAfterwards = /if pg_catalog\.pg_current_wal_flush_lsn\(\)[\s\S]*?end if;/

async function holdTheLock(environment: Environment): Promise<void> {
  const pool = connectionPool(environment, 1)
  try {
    const { rows } = await pool.query<{ text: string }>(
      `select pg_get_functiondef(oid) as text from pg_proc
        where pronamespace = current_schema()::regnamespace and proname in ('append_one', 'append_batch')`,
    )
    for (const { text } of rows) {
      if (!text.includes(asynchronous) || !flushAfterwards.test(text)) throw new Error('An append does not flush as it used to.')
      await pool.query(text.replace(asynchronous, '').replace(flushAfterwards, ''))
    }
    if (rows.length !== 2) throw new Error(`${environment.schema} has not the procedures that append.`)
  } finally {
    await pool.end()
  }
}
