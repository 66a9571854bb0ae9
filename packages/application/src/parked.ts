import { type Parked, type SubscriptionDefinition, type Subscriptions, UnknownHandlerError } from '@writ/event-handler'
import type { Class } from '@writ/event-store'
import type { ProcessManagerDefinition } from '@writ/process-manager'
import type { Composition } from './composition.js'

/** An event handler, a projection or a process manager: by its name, or by the class or value that a module lists. */
export type Handler = string | Class<object> | SubscriptionDefinition | ProcessManagerDefinition

/** @throws UnknownHandlerError with the nearest name */
export function parkedOf(handler: Handler, composition: Composition, subscriptions: Subscriptions): Parked {
  if (typeof handler === 'string') return subscriptions.parked(handler)
  const name = composition.subscriptionOf(handler)
  if (name !== undefined) return subscriptions.parked(name)
  throw new UnknownHandlerError(
    handler.name,
    subscriptions.status().map((status) => status.name),
  )
}
