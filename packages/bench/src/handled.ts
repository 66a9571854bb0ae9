import type { Loop } from './closed-loop.js'

/** A window that ends with the last of so many events, and begins now. */
export function handled(events: number): { end(): void; readonly ended: Promise<Loop> } {
  const start = performance.now()
  let end = () => {}
  const ended = new Promise<Loop>((resolve) => {
    end = () => {
      const seconds = (performance.now() - start) / 1_000
      resolve({ latencies: new Float64Array(events), operationsPerSecond: events / seconds, failuresPerSecond: 0 })
    }
  })
  return { end, ended }
}
