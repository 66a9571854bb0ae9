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
  /** While it is retrying a handler: how often that has failed on the event. */
  readonly attempt?: number
  /** Why it is retrying or has stopped; without payloads, as far as the error's own message has none. */
  readonly error?: { readonly code?: string; readonly message: string }
  /** Which owner has the lease; absent when nobody is known to. */
  readonly heldBy?: string
}

/** What a subscription writes down of itself while it runs. */
export interface Report {
  state: SubscriptionState
  checkpoint: number
  skipped: number
  attempt: number | undefined
  error: { readonly code?: string; readonly message: string } | undefined
  heldBy: string | undefined
}
