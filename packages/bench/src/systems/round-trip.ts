import { connectionPool } from '../connection-pool.js'
import type { System } from '../system.js'

const MOST_CONNECTIONS = 32

/** A limit: the smallest question to the server and back; nothing that asks it once an operation is faster. */
export const roundTrip: System = {
  name: 'round trip',
  async open(environment) {
    const size = Math.min(environment.callers, MOST_CONNECTIONS)
    const pool = connectionPool(environment, size)
    return {
      settings: `SELECT 1, pool of ${size}`,
      async operation() {
        await pool.query('select 1')
      },
      close: () => pool.end(),
    }
  },
}
