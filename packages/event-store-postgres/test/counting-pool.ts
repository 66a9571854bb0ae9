import pg from 'pg'
import { willClose } from './test-store.js'

/**
 * A user's pool that writes down what its clients are asked; hints to other processes and looks through new
 * connections apart, for they come when they may.
 */
export function countingPool(config: pg.PoolConfig): { pool: pg.Pool; texts: string[] } {
  const texts: string[] = []
  class CountingClient extends pg.Client {
    // biome-ignore lint/suspicious/noExplicitAny: the driver's query has a dozen overloads, and all are passed on
    override query(...args: any[]): any {
      const [query] = args as [string | { text: string }]
      const text = typeof query === 'string' ? query : query.text
      if (!/^listen|notify\(\)$|^select .*i\.incarnation/.test(text)) texts.push(text)
      return (super.query as (...args: unknown[]) => unknown)(...args)
    }
  }
  const pool = new pg.Pool({ ...config, Client: CountingClient as never })
  willClose({ stop: () => pool.end() })
  return { pool, texts }
}
