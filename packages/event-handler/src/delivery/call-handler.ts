import type { RecordedEvent } from '@writ/event-store'
import type { HandlerContext } from '../definition/handler-context.js'
import { type Handling, runHandling } from './handling.js'
import type { Holding } from './holding.js'

/**
 * Hands an event to its handler.
 *
 * @returns a promise only where the handler did: one an event is what makes catching up slow
 */
export function callHandler(
  { definition, signal, state }: Holding,
  event: RecordedEvent,
  attempt: number,
): Promise<unknown> | undefined {
  const context: HandlerContext = { event, subscription: definition.name, attempt, signal, state }
  const handling: Handling = { definition, event, isOver: false }
  try {
    const returned = runHandling(handling, definition.handlers.get(event.type)!, context)
    if (isThenable(returned)) {
      return Promise.resolve(returned).finally(() => {
        handling.isOver = true
      })
    }
  } catch (error) {
    handling.isOver = true
    throw error
  }
  handling.isOver = true
  return undefined
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}
