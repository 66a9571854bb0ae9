import type { AnyEvent, AnyEventClass, Class } from '@writ/event-store'
import { checkDecoratorMode } from './decorator-mode.js'
import { writeApplied } from './written-down.js'

/**
 * The method notes in the state what has happened. It is synchronous, and it neither refuses nor fails nor looks at the clock: it runs
 * again whenever the aggregate is loaded.
 */
export function Apply<E extends AnyEvent>(eventClass: Class<E>) {
  // biome-ignore lint/suspicious/noConfusingVoidType: an async method would fit `void`; it does not fit a union
  return <F extends (event: E) => void | undefined>(
    prototype: object,
    method: string | symbol,
    _descriptor: TypedPropertyDescriptor<F>,
  ): void => {
    checkDecoratorMode('Apply', method)
    writeApplied(prototype, { method, eventClass: eventClass as unknown as AnyEventClass })
  }
}
