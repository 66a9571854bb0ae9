import type { RecordedEvent } from '@writ/event-store'
import type { Verdict } from '../definition/error-policy.js'
import { InvalidVerdictError } from '../errors/subscription-errors.js'
import { describeError, isInfrastructureError } from '../infrastructure-error.js'
import { type Holding, isLeaseGone } from './holding.js'
import { Interruption } from './interruption.js'

/** The attempts at one event: what follows when one of them fails. */
export class Attempts {
  /** How many times its handler has been tried, this time included. */
  attempt = 1
  private outages = 0

  constructor(
    private readonly event: RecordedEvent,
    private readonly holding: Holding,
  ) {}

  /**
   * Waits as long as the error or the error policy wants.
   *
   * @returns whether to try again or to pass over the event
   * @throws Interruption when it must not go on, or when the policy says stop
   */
  async failed(error: unknown): Promise<'again' | 'skip'> {
    if (error instanceof Interruption) throw error
    if (isLeaseGone(error)) throw new Interruption('lease-gone', error)
    // What a handler threw because it was asked to hurry is not held against the event.
    this.holding.check()
    if (isInfrastructureError(error)) {
      await this.holding.outage('handle an event', ++this.outages, error)
      return 'again'
    }
    return this.follow(this.verdictOn(error), error)
  }

  /** The handler has succeeded, or was passed over: the status need not show the trouble any more. */
  over(): void {
    if (this.attempt > 1 || this.outages > 0) this.holding.report.running()
  }

  private async follow(verdict: Verdict, error: unknown): Promise<'again' | 'skip'> {
    const { holding, event, attempt } = this
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
    holding.logger.warn({ ...facts, retryIn: verdict.retryIn }, 'a handler failed; trying again')
    holding.report.retrying(error, attempt)
    await holding.pause(verdict.retryIn)
    this.attempt++
    return 'again'
  }

  private verdictOn(error: unknown): Verdict {
    const { definition, runtime } = this.holding
    try {
      const verdict = definition.onError(
        { error, event: this.event, attempt: this.attempt, subscription: definition.name },
        runtime,
      )
      if (verdict === 'stop' || verdict === 'skip' || verdict?.retryIn >= 0) return verdict
    } catch (cause) {
      throw new Interruption('given-up', cause)
    }
    throw new Interruption('given-up', new InvalidVerdictError(definition.name, error))
  }
}
