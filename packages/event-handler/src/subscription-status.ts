import { describeError } from './infrastructure-error.js'

/**
 * `starting`: it has not asked for its lease yet. `standby`: another process has the lease. `running`: it handles events, or waits for
 * them. `retrying`: it waits to try again, for the handler or for the store. `stopped`: it will handle nothing until it is started again.
 */
export type SubscriptionState = 'starting' | 'standby' | 'running' | 'retrying' | 'stopped'

/** How a subscription is, as far as this process knows. */
export interface SubscriptionStatus {
  readonly name: string
  readonly state: SubscriptionState
  /** The last position that is stored as finished. */
  readonly checkpoint: number
  /** How many positions the log reaches beyond what is finished; positions may have gaps. */
  readonly lag: number
  /** How many events were passed over because their handler failed; counted since the start of this process. */
  readonly skipped: number
  /** How many events are parked: put aside by the error policy, or waiting behind such a one. Known where the subscription runs. */
  readonly parked: number
  /** While it is retrying a handler: how often that has failed on the event. */
  readonly attempt?: number
  /** Why it is retrying or has stopped; without payloads, as far as the error's own message has none. */
  readonly error?: { readonly code?: string; readonly message: string }
  /** Which owner has the lease; absent when nobody is known to. */
  readonly heldBy?: string
}

/** What a subscription writes down of itself while it runs. */
export class Report {
  state: SubscriptionState = 'starting'
  checkpoint = 0
  skipped = 0
  parked = 0
  heldBy: string | undefined
  private attempt: number | undefined
  private error: SubscriptionStatus['error']

  running(): void {
    this.become('running')
  }

  standby(heldBy: string | undefined): void {
    this.become('standby')
    this.heldBy = heldBy
  }

  retrying(error: unknown, attempt?: number): void {
    this.become('retrying', error)
    this.attempt = attempt
  }

  stopped(error?: unknown): void {
    this.become('stopped', error)
    this.heldBy = undefined
  }

  /**
   * @param head how far the log reaches
   * @param reached how far the subscription has come, whether or not that is stored
   * @param trouble why the log can't be read, if it can't
   */
  status(name: string, head: number, reached: number, trouble: Error | undefined): SubscriptionStatus {
    const { checkpoint, skipped, parked, attempt, heldBy } = this
    const isCutOff = this.state === 'running' && trouble !== undefined
    const error = isCutOff ? statusError(trouble) : this.error
    return {
      name,
      state: isCutOff ? 'retrying' : this.state,
      checkpoint,
      lag: Math.max(0, head - Math.max(checkpoint, reached)),
      skipped,
      parked,
      ...(attempt !== undefined && { attempt }),
      ...(error && { error }),
      ...(heldBy !== undefined && { heldBy }),
    }
  }

  private become(state: SubscriptionState, error?: unknown): void {
    this.state = state
    this.error = error === undefined ? undefined : statusError(error)
    this.attempt = undefined
  }
}

function statusError(error: unknown): NonNullable<SubscriptionStatus['error']> {
  const { code, message } = describeError(error)
  return { message, ...(code !== undefined && { code }) }
}
