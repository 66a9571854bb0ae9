import type { RecordedEvent } from '@writ/event-store'
import type { BatchContext, HandlerContext } from '../definition/handler-context.js'

/**
 * Makes the contexts of a projection's handlers within one transaction: a handler's own fields, and below them what the transaction has.
 *
 * The transaction's fields are read when they are asked for, and on the transaction itself: an adapter's getter may refuse, and its class
 * may have private fields.
 */
export class TransactionContexts {
  private readonly below: object

  constructor(
    transaction: object,
    private readonly subscription: string,
    private readonly signal: AbortSignal,
    private readonly state: unknown,
  ) {
    this.below = forwardingTo(transaction)
  }

  of(event: RecordedEvent, attempt: number): HandlerContext {
    const { subscription, signal, state } = this
    const own: HandlerContext = { event, subscription, attempt, signal, state }
    return Object.setPrototypeOf(own, this.below)
  }

  ofBatch(events: readonly RecordedEvent[]): BatchContext {
    const { subscription, signal, state } = this
    const own: BatchContext = { events, subscription, attempt: 1, signal, state }
    return Object.setPrototypeOf(own, this.below)
  }
}

/** An object that has what a transaction has, read on the transaction itself. */
export function forwardingTo(transaction: object): object {
  const forwarding = {}
  for (let level = transaction; level !== null && level !== Object.prototype; level = Object.getPrototypeOf(level)) {
    for (const [key, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      if (key === 'constructor' || key in forwarding) continue
      const isMethod = level !== transaction && typeof descriptor.value === 'function'
      const get = isMethod ? () => descriptor.value.bind(transaction) : () => (transaction as Record<string, unknown>)[key]
      Object.defineProperty(forwarding, key, { get, enumerable: true })
    }
  }
  return forwarding
}
