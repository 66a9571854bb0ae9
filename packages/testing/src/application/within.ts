import { setTimeout as realTime } from 'node:timers/promises'

/**
 * Waits for something, and no longer than so many milliseconds of real time: a virtual clock must not make a test hang.
 *
 * @returns 'late' when the time is up; what goes on then is nobody's concern any more
 */
export async function within<T>(milliseconds: number, work: Promise<T>): Promise<T | 'late'> {
  const timer = new AbortController()
  const late = realTime(milliseconds, 'late' as const, { signal: timer.signal }).catch(() => 'late' as const)
  try {
    return await Promise.race([work, late])
  } finally {
    work.catch(() => 'told already, or too late')
    timer.abort()
  }
}
