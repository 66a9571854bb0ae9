import type { EventStore, Lease } from '@writ/event-store'
import { until } from './until.js'

/** Milliseconds: longer than any scenario takes. */
export const LONG = 60_000
/** Milliseconds: short enough to wait for. */
export const SHORT = 100

export async function registered(
  store: EventStore,
  unique: (prefix: string) => string,
  startAfter = 0,
  partitions = 1,
): Promise<string> {
  const name = unique('subscription')
  await store.checkpoints.register({ name, startAfter, partitions })
  return name
}

/** A lease that is free. */
export async function held(
  store: EventStore,
  subscription: string,
  owner = 'me',
  partition = 0,
  milliseconds = LONG,
): Promise<Lease> {
  const acquisition = await store.checkpoints.acquire({ subscription, partition }, owner, milliseconds)
  if (!acquisition.acquired) throw new Error(`${owner} was denied the lease: ${JSON.stringify(acquisition)}`)
  return acquisition.lease
}

/** A lease that its owner has lost, and that of the one who took over. */
export async function takeover(store: EventStore, unique: (prefix: string) => string) {
  const subscription = await registered(store, unique)
  const zombie = await held(store, subscription, 'zombie', 0, SHORT)
  return { subscription, zombie, successor: await takenOver(store, subscription, 'successor') }
}

/** A lease that will expire. */
export function takenOver(store: EventStore, subscription: string, owner: string): Promise<Lease> {
  return until('the lease has expired', async () => {
    const acquisition = await store.checkpoints.acquire({ subscription, partition: 0 }, owner, LONG)
    return acquisition.acquired && acquisition.lease
  })
}

/** Of the first partition. */
export async function checkpointOf(store: EventStore, subscription: string): Promise<number | undefined> {
  return (await store.checkpoints.list(subscription))[0]?.checkpoint
}
