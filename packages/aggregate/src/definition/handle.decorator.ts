import type { AnyCommand, AnyCommandClass, Class } from '@writ/event-store'
import type { DecisionOn } from './decision.js'
import { checkDecoratorMode } from './decorator-mode.js'
import { writeHandled } from './written-down.js'

/**
 * The method decides what a command comes to: it returns events, or throws a DomainError to refuse. It may be asynchronous, and it
 * changes no state: that is for `@Apply`.
 */
export function Handle<C extends AnyCommand>(commandClass: Class<C>) {
  return <F extends (command: C) => DecisionOn<C> | Promise<DecisionOn<C>>>(
    prototype: object,
    method: string | symbol,
    _descriptor: TypedPropertyDescriptor<F>,
  ): void => {
    checkDecoratorMode('Handle', method)
    writeHandled(prototype, { method, commandClass: commandClass as unknown as AnyCommandClass })
  }
}
