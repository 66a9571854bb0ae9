import { type Parked, type SubscriptionDefinition, type Subscriptions, UnknownHandlerError } from '@writ/event-handler'
import type { Class } from '@writ/event-store'
import type { ProcessManagerDefinition } from '@writ/process-manager'
import type { Composition } from './composition.js'

/** An event handler, a projection or a process manager: by its name, or by the class or value that a module lists. */
export type Handler = string | Class<object> | SubscriptionDefinition | ProcessManagerDefinition

export function parkedOf(handler: Handler, composition: Composition, subscriptions: Subscriptions): Parked {
  return subscriptions.parked(subscriptionNameOf(handler, composition, subscriptions))
}

/**
 * What the store knows a handler by; a name is left as it is.
 *
 * @throws UnknownHandlerError with the nearest name
 */
export function subscriptionNameOf(handler: Handler, composition: Composition, subscriptions: Subscriptions): string {
  if (typeof handler === 'string') return handler
  const name = composition.subscriptionOf(handler)
  if (name !== undefined) return name
  throw new UnknownHandlerError(
    // By a cast, it may be anything.
    String((handler as { readonly name?: unknown } | null)?.name ?? handler),
    subscriptions.status().map((status) => status.name),
  )
}
