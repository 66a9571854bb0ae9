import type { Class } from '@writ/event-store'
import { InvalidSubscriptionError } from '../errors/definition-errors.js'
import type { StartContext } from './handler-context.js'
import type { SubscriptionDefinition } from './subscription-definition.js'

/** What a class of an event handler or a projection may have besides its @On methods. */
export interface Hooks {
  /**
   * Called before the first event of each run: each time that this process begins to handle a partition. It is awaited; when it fails, it is
   * called again until it succeeds, and the status tells why nothing runs.
   */
  afterStart?(context: StartContext): unknown
  /**
   * Called within a reset, before anything is handled anew: `(context: ResetContext<Transaction>)`. A projection empties its tables here, in
   * the reset's own transaction; without it, it can't be sent back.
   */
  beforeReset?(context: never): unknown
}

type Hook = 'setUp' | 'afterStart' | 'beforeReset' | 'state'

/** Those of the hooks that there are. */
export type GivenHooks = Pick<SubscriptionDefinition, Hook>

const names: readonly Hook[] = ['setUp', 'afterStart', 'beforeReset', 'state']

/**
 * The hooks that a value has.
 *
 * @throws InvalidSubscriptionError
 */
export function hooksOfValue(source: string, options: object): GivenHooks {
  const given = options as Partial<Record<Hook, unknown>>
  const found = names.filter((name) => given[name] !== undefined)
  const wrong = found.find((name) => typeof given[name] !== 'function')
  if (wrong) throw new InvalidSubscriptionError(source, `its '${wrong}' must be a function`)
  return Object.fromEntries(found.map((name) => [name, given[name]])) as GivenHooks
}

/** The hooks that a class has as methods; its instance is made when the first one is called. */
export function hooksOfClass(target: Class<object>, hooks: readonly Hook[], instance: () => object): GivenHooks {
  const prototype = target.prototype as Partial<Record<Hook, unknown>>
  const found = hooks.filter((name) => typeof prototype[name] === 'function')
  const call = (name: Hook) => (context: object) => (instance() as Record<Hook, (context: object) => unknown>)[name](context)
  return Object.fromEntries(found.map((name) => [name, call(name)])) as GivenHooks
}
