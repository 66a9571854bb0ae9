import type { Class } from '@writ/event-store'
import { type HandlerDecorator, NotDecoratedError } from '../errors/definition-errors.js'

/**
 * What a decorator wrote down for this very class: a subclass is another class, and wants a name of its own.
 *
 * @throws NotDecoratedError that names the decorated class above it, where there is one
 */
export function optionsOfClass<Options>(
  target: Class<object>,
  decorator: HandlerDecorator,
  decorated: WeakMap<object, Options>,
): Options {
  const options = decorated.get(target)
  if (options !== undefined) return options
  let parent = Object.getPrototypeOf(target) as { name?: string } | null
  while (parent !== null && !decorated.has(parent)) parent = Object.getPrototypeOf(parent)
  throw new NotDecoratedError(target.name, decorator, parent?.name)
}
