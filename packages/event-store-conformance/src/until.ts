import { setTimeout as pause } from 'node:timers/promises'

const DEADLINE = 20_000

/** Waits until a condition holds, and returns what it gave; fails when it does not within the deadline. */
export async function until<T>(what: string, condition: () => Promise<T | false | undefined>): Promise<T> {
  const deadline = performance.now() + DEADLINE
  for (;;) {
    const result = await condition()
    if (result !== false && result !== undefined) return result
    if (performance.now() > deadline) throw new Error(`Waited ${DEADLINE} ms in vain until ${what}`)
    await pause(5)
  }
}
