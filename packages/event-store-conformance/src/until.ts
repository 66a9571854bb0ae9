import { setTimeout as pause } from 'node:timers/promises'

/** How long the suite waits for what must come to pass, in milliseconds. */
export const patience = { milliseconds: 20_000 }

/** Waits until a condition holds, and returns what it gave; fails when it does not in time. */
export async function until<T>(what: string, condition: () => Promise<T | false | undefined>): Promise<T> {
  const { milliseconds } = patience
  const deadline = performance.now() + milliseconds
  for (;;) {
    const result = await condition()
    if (result !== false && result !== undefined) return result
    if (performance.now() > deadline) throw new Error(`Waited ${milliseconds} ms in vain until ${what}`)
    await pause(5)
  }
}
