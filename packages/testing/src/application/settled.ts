import type { Application } from '@writ/application'
import { hasCode } from '@writ/event-store'
import { ExpectationFailedError } from '../errors.js'
import { within } from './within.js'

export interface SettledOptions {
  /** Milliseconds of real time, whatever a virtual clock says: 5,000 by default. */
  readonly timeout?: number
}

/**
 * Waits until nothing is under way any more: no command, and no event that a handler, projection or process manager has yet to handle.
 * It moves no clock: what waits for its time goes on waiting.
 *
 * @throws ExpectationFailedError that tells how each handler is, when one has stopped or the time is up
 */
export async function settled(app: Application, { timeout = 5_000 }: SettledOptions = {}): Promise<void> {
  try {
    if ((await within(timeout, app.settled({ timeout }))) !== 'late') return
  } catch (cause) {
    if (!hasCode(cause, 'committed-not-yet-visible')) throw cause
    throw new ExpectationFailedError(await howItIs(app, timeout), { cause })
  }
  throw new ExpectationFailedError(await howItIs(app, timeout))
}

async function howItIs(app: Application, timeout: number): Promise<string> {
  const { subscriptions } = await app.health()
  const behind = subscriptions.filter(({ state, lag }) => state !== 'running' || lag > 0)
  const lines = behind.map(({ name, state, lag, checkpoint, attempt, error }) => {
    const tried = attempt === undefined ? '' : `, attempt ${attempt}`
    return `\n  ${name}: ${state}${tried}, at ${checkpoint}, ${lag} behind${error ? `: ${error.message}` : ''}`
  })
  const why = lines.length === 0 ? ' Its handlers have seen all; a command or a transaction is still under way.' : lines.join('')
  return `The application '${app.name}' did not settle within ${timeout} ms:${why}`
}
