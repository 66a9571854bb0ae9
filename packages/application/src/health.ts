import type { Projections, ReadModelReadiness, SubscriptionStatus, Subscriptions } from '@writ/event-handler'
import { type EventStore, type EventTypes, type Runtime, thrownMessage } from '@writ/event-store'
import type { ApplicationState } from './lifecycle.js'

/** How an application is: `down` can't serve, `degraded` serves while something needs looking at. */
export interface Health {
  readonly status: 'up' | 'degraded' | 'down'
  readonly application: ApplicationState
  readonly store: StoreHealth
  /** Those that run what follows from updates of projections among them. */
  readonly subscriptions: readonly SubscriptionStatus[]
  /** Which version of each projection readers get here. Where one gets none, the application is `down`: its version is being built. */
  readonly readModels: readonly ReadModelReadiness[]
  /** Types that the application does not know, and how often this process has passed an event of them; absent where it has passed none. */
  readonly unknownEvents?: Readonly<Record<string, number>>
}

export interface StoreHealth {
  readonly adapter: string
  readonly status: 'up' | 'down'
  /** Where the log ends; absent when the store is away. */
  readonly position?: number
  /** Why it is down, without secrets. */
  readonly error?: string
}

interface Examined {
  readonly state: Health['application']
  readonly store: EventStore
  readonly subscriptions: Subscriptions
  readonly projections: Projections
  readonly types: EventTypes
  readonly runtime: Runtime
}

const PATIENCE = 2_000

export async function readHealth({ state, store, subscriptions, projections, types, runtime }: Examined): Promise<Health> {
  const storeHealth = await askStore(store, runtime)
  const statuses = [...subscriptions.status(), ...projections.followers]
  const readModels = projections.readiness()
  const areReady = readModels.every(({ serving }) => serving !== undefined)
  const isServing = state === 'running' && storeHealth.status === 'up' && areReady
  const hasTrouble = statuses.some(({ state, parked }) => state === 'stopped' || state === 'retrying' || parked > 0)
  return {
    status: !isServing ? 'down' : hasTrouble ? 'degraded' : 'up',
    application: state,
    store: storeHealth,
    subscriptions: statuses,
    readModels,
    ...(types.unknownEvents.size > 0 && { unknownEvents: Object.fromEntries(types.unknownEvents) }),
  }
}

async function askStore(store: EventStore, runtime: Runtime): Promise<StoreHealth> {
  const answered = new AbortController()
  const silence = runtime.sleep(PATIENCE, answered.signal).then(() => {
    throw new Error(`no answer within ${PATIENCE} ms`)
  })
  silence.catch(() => 'the answer came first')
  try {
    const { position } = await Promise.race([store.head(), silence])
    return { adapter: store.adapter, status: 'up', position }
  } catch (error) {
    return { adapter: store.adapter, status: 'down', error: thrownMessage(error) }
  } finally {
    answered.abort()
  }
}
