import type { Loop } from '../closed-loop.js'
import { CallingProcess, type CallingSystem, monotonic } from '../processes/calling-process.js'
import type { System } from '../system.js'

/** Until all of them have read what they were asked. */
const HEAD_START = 50

/** A system of appends, called by so many processes of their own, which share the callers and start at one moment. */
export function inProcesses(system: System & { readonly name: CallingSystem }, count: number): System {
  const name = `${system.name} in ${count} ${count === 1 ? 'process' : 'processes'}`
  return {
    name,
    async open(environment) {
      // It makes the tables, and tells what is stored; the calls are the others'.
      const own = await system.open({ ...environment, callers: 1 })
      const callers = Math.ceil(environment.callers / count)
      const processes = Array.from({ length: count }, () => new CallingProcess())
      const close = async () => {
        await Promise.all(processes.map((process) => process.close()))
        await own.close()
      }
      try {
        for (const process of processes) await process.open(system.name, { ...environment, callers })
      } catch (error) {
        await close()
        throw error
      }
      return {
        ...own,
        settings: `${count} × ${callers}; ${own.settings}`,
        window: (_, seconds) => together(processes, callers, seconds),
        close,
      }
    },
  }
}

async function together(processes: readonly CallingProcess[], callers: number, seconds: number): Promise<Loop> {
  const at = monotonic() + HEAD_START
  const loops = await Promise.all(processes.map((process) => process.window(callers, at, seconds)))
  const sum = (of: (loop: Loop) => number) => loops.reduce((total, loop) => total + of(loop), 0)
  return {
    latencies: Float64Array.from(loops.flatMap(({ latencies }) => [...latencies])),
    operationsPerSecond: sum((loop) => loop.operationsPerSecond),
    failuresPerSecond: sum((loop) => loop.failuresPerSecond),
    elsewhere: {
      cpu: sum(({ elsewhere }) => elsewhere?.cpu ?? 0),
      statements: sum(({ elsewhere }) => elsewhere?.statements ?? 0),
    },
  }
}
