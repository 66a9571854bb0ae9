import type { FailedAttempt, RecordedEvent } from '@writ/event-store'
import type { Failure, Verdict } from '../definition/error-policy.js'
import { InvalidVerdictError } from '../errors/subscription-errors.js'
import { describeError, isInfrastructureError } from '../infrastructure-error.js'
import type { PutAside } from '../parking/parking-plan.js'
import { type Holding, isLeaseGone } from './holding.js'
import { Interruption } from './interruption.js'

const MOST_KEPT = 100
const LONGEST_MESSAGE = 1_000

/** The attempts at one event: what follows when one of them fails. */
export class Attempts {
  /** How many times its handler has been tried, this time included. */
  attempt: number
  private outages = 0
  private history: readonly FailedAttempt[]

  constructor(
    private readonly event: RecordedEvent,
    private readonly holding: Holding,
    /** What went wrong before the event was put aside; undefined for one that is not. */
    private readonly before?: readonly FailedAttempt[],
  ) {
    this.history = before ?? []
    this.attempt = this.history.length + 1
  }

  /**
   * Waits as long as the error or the error policy wants. One that is parked waits where it is, and so holds up nobody here.
   *
   * @returns whether to try again, to pass over the event, or to put it aside
   * @throws Interruption when it must not go on, or when the policy says stop
   */
  async failed(error: unknown): Promise<'again' | 'skip' | PutAside> {
    if (Interruption.is(error)) throw error
    if (isLeaseGone(error)) throw new Interruption('lease-gone', error)
    // What a handler threw because it was asked to hurry is not held against the event.
    this.holding.check()
    if (isInfrastructureError(error)) {
      await this.holding.outage('handle an event', ++this.outages, error)
      return 'again'
    }
    const attempt = this.attempt++
    this.note(error)
    return this.follow(this.verdictOn(error, attempt), error, attempt)
  }

  /** The handler has succeeded, or was passed over: the status need not show the trouble any more. */
  over(): void {
    if (this.attempt > 1 || this.outages > 0) this.holding.report.running()
  }

  private note(error: unknown): void {
    const { name, code, message } = describeError(error)
    const failed: FailedAttempt = {
      error: { name, ...(code !== undefined && { code }), message: message.slice(0, LONGEST_MESSAGE) },
      at: new Date(this.holding.runtime.now()).toISOString(),
    }
    this.history = [...this.history.slice(1 - MOST_KEPT), failed]
  }

  private async follow(verdict: Verdict, error: unknown, attempt: number): Promise<'again' | 'skip' | PutAside> {
    const { holding, event } = this
    const facts = {
      subscription: holding.definition.name,
      position: event.position,
      type: event.type,
      attempt,
      error: describeError(error),
    }
    if (verdict === 'stop') throw new Interruption('given-up', error)
    if (verdict === 'skip') {
      holding.logger.error(facts, 'an event was passed over because its handler failed')
      holding.report.skipped++
      return 'skip'
    }
    const failure = { attempts: this.history }
    if (verdict === 'park') {
      holding.logger.error(facts, 'an event is parked because its handler failed: its sequence waits until someone decides')
      return { failure, retryIn: undefined }
    }
    const later = 'retryLater' in verdict ? verdict.retryLater : this.before && verdict.retryIn
    if (later !== undefined) {
      holding.logger.warn({ ...facts, retryIn: later }, 'a handler failed; its sequence waits, and is tried again later')
      return { failure, retryIn: later }
    }
    const { retryIn } = verdict as { readonly retryIn: number }
    holding.logger.warn({ ...facts, retryIn }, 'a handler failed; trying again')
    holding.report.retrying(error, attempt)
    await holding.pause(retryIn)
    return 'again'
  }

  private verdictOn(error: unknown, attempt: number): Verdict {
    const { definition, runtime, onError } = this.holding
    const failure: Failure = { error, event: this.event, attempt, history: this.history, subscription: definition.name }
    try {
      const verdict = onError(failure, runtime)
      if (isVerdict(verdict)) return verdict
    } catch (cause) {
      throw new Interruption('given-up', cause)
    }
    throw new Interruption('given-up', new InvalidVerdictError(definition.name, error))
  }
}

function isVerdict(verdict: Verdict): boolean {
  if (verdict === 'stop' || verdict === 'skip' || verdict === 'park') return true
  const { retryIn, retryLater } = (verdict ?? {}) as { retryIn?: number; retryLater?: number }
  return retryIn === undefined ? retryLater !== undefined && retryLater >= 0 : retryIn >= 0 && retryLater === undefined
}
