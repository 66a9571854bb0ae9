import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { connectionPool, countRows } from '../connection-pool.js'
import { CallingProcess, monotonic } from '../processes/calling-process.js'
import type { Environment, System } from '../system.js'

const program = fileURLToPath(new URL('../../dist/processes/handling-process.main.js', import.meta.url))
/** Milliseconds until another process must have taken over. */
const PATIENCE = 30_000
/** Seconds for which events come, so that one comes when another process has taken over. */
const LONGEST = 12
const PER_SECOND = 40

/** A process of its own that handles events. */
class HandlingProcess {
  /** The greatest position that it has handled, and when it told of it. */
  newest = 0
  private readonly child: ChildProcess
  private told: (() => void) | undefined

  private constructor(environment: Environment) {
    this.child = fork(program)
    this.child.on('message', ({ position = 0 }: { readonly position?: number }) => {
      this.newest = position
      this.told?.()
    })
    this.child.send(environment)
  }

  static async start(environment: Environment): Promise<HandlingProcess> {
    const process = new HandlingProcess(environment)
    await once(process.child, 'message')
    return process
  }

  /** @throws Error when it handles nothing for too long */
  async untilItHandles(beyond: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`Nothing beyond ${beyond} was handled within ${PATIENCE} ms.`)), PATIENCE)
      this.told = () => {
        if (this.newest <= beyond) return
        clearTimeout(timer)
        resolve()
      }
      this.told()
    })
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    await once(this.child, 'exit')
  }
}

/** From the kill -9 of the process that handles events until another one, which stands by, handles the next. */
export const writTakeover: System = {
  name: 'writ killed',
  async open(environment) {
    const appending = new CallingProcess()
    await appending.open('paced', environment)
    const pool = connectionPool(environment, 1)
    let holder = await HandlingProcess.start(environment)
    let other = await HandlingProcess.start(environment)
    return {
      settings: `kill -9 of the process that holds the lease, which is 5 s long; ${PER_SECOND} events a second meanwhile`,
      operation: async () => {},
      async window() {
        const loop = appending.window(PER_SECOND, monotonic(), LONGEST)
        await holder.untilItHandles(Math.max(holder.newest, other.newest))
        const killed = performance.now()
        const { newest } = holder
        await holder.kill()
        await other.untilItHandles(newest)
        const latency = performance.now() - killed
        ;[holder, other] = [other, await HandlingProcess.start(environment)]
        const { latencies } = await loop
        await holder.untilItHandles((await countRows(pool, 'events')) - 1)
        return { ...(await loop), latencies: Float64Array.of(latency), operationsPerSecond: latencies.length / LONGEST }
      },
      async close() {
        await appending.close()
        await holder.kill()
        await other.kill()
        await pool.end()
      },
    }
  },
}
