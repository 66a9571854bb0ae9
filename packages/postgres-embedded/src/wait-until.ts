import { setTimeout } from 'node:timers/promises'

/**
 * Asks again and again until the answer is yes.
 *
 * @param patience in milliseconds.
 * @returns false where the answer was still no at the end of the patience.
 */
export async function waitUntil(answer: () => boolean | Promise<boolean>, patience: number): Promise<boolean> {
  const end = performance.now() + patience
  for (;;) {
    if (await answer()) return true
    if (performance.now() >= end) return false
    await setTimeout(10)
  }
}
