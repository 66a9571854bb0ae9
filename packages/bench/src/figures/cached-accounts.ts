import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Environment } from '../system.js'
import type { Figure, Measurement } from './figure.js'

// The same from the sources and from what is built of them.
const program = fileURLToPath(new URL('../../dist/figures/cached-accounts.main.js', import.meta.url))

/** What `cached-accounts.main.ts` is asked. */
export interface Question {
  readonly environment: Environment
  /** How many accounts the cache may hold; half as many more are used. */
  readonly cacheSize: number
}

/** What that many accounts weigh in the cache, in a process of its own; twice the bytes that a small one should have are refused. */
export function cachedAccounts(cacheSize: number): Figure {
  return {
    description: `${(cacheSize * 1.5).toLocaleString('en')} accounts, each with two commands, and a cache for ${cacheSize.toLocaleString('en')}`,
    async measure(environment) {
      const child = fork(program, { execArgv: ['--expose-gc'], serialization: 'advanced' })
      const exited = once(child, 'exit').then(() => {
        throw new Error('The process that fills the cache has ended before its time; see what it wrote to stderr.')
      })
      try {
        const answered = once(child, 'message') as Promise<[readonly Measurement[]]>
        child.send({ environment, cacheSize } satisfies Question)
        const [measurements] = await Promise.race([answered, exited])
        return measurements
      } finally {
        exited.catch(() => {})
        child.kill()
      }
    },
  }
}
