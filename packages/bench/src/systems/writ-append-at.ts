import { connectionPool } from '../connection-pool.js'
import { preload } from '../preload.js'
import type { System } from '../system.js'
import { writAppend } from './writ-append.js'

/** Writ's appends to a log that has so many events already, each in a stream of its own. */
export function writAppendAt(events: number): System {
  return {
    name: `writ at ${events.toLocaleString('en').replaceAll(',', ' ')}`,
    async open(environment) {
      await preload(environment, events, 1, (line) => void process.stderr.write(`${line}\n`))
      const opened = await writAppend.open(environment)
      const pool = connectionPool(environment, 1)
      return {
        ...opened,
        // Positions have no gaps here; to count ten million rows after each window would push the others out of memory.
        async stored() {
          const { rows } = await pool.query<{ last: string }>('select max(position) as last from events')
          return Number(rows[0]!.last) - events
        },
        async close() {
          await pool.end()
          await opened.close()
        },
      }
    },
  }
}
