import type { EventStore, HeartbeatAnswer, Lease, SubscriptionView } from '@writ/event-store'
import { LONG } from './leases.js'

export function beat(
  store: EventStore,
  owner: string,
  subscriptions: readonly string[],
  leases: readonly Lease[] = [],
  leaseMilliseconds = LONG,
): Promise<HeartbeatAnswer> {
  return store.checkpoints.heartbeat({ owner, subscriptions, leases, leaseMilliseconds })
}

/** What a heartbeat for one subscription tells of it. */
export async function viewOf(
  store: EventStore,
  subscription: string,
  owner: string,
  leases: readonly Lease[] = [],
): Promise<SubscriptionView | undefined> {
  return (await beat(store, owner, [subscription], leases)).subscriptions[0]
}
