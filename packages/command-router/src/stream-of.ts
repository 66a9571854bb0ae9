import { type AnyCommand, checkStreamName, InvalidStreamNameError, isReservedStream } from '@writ/event-store'
import { MissingIdentityError } from './errors/routing-errors.js'
import type { Route } from './route.js'

const MAX_IDENTITY = 512

/**
 * A command → the stream of the aggregate that it is for: `<category>-<prefix><identity>`.
 *
 * @throws MissingIdentityError, InvalidStreamNameError
 */
export function streamOf({ aggregate, identity, prefix, commandClass, stream: nameOf }: Route, command: AnyCommand): string {
  if (nameOf) {
    const name: unknown = nameOf(command)
    if (typeof name !== 'string') throw new MissingIdentityError(commandClass.type, 'stream', whyNoIdentity(name))
    checkStreamName(name)
    if (isReservedStream(name)) throw new InvalidStreamNameError(name, "it begins with '$', and such names are Writ's own")
    return name
  }
  const source = typeof identity === 'function' ? 'identity function' : identity
  const value: unknown =
    typeof identity === 'function' ? identity(command) : (command as unknown as Record<string, unknown>)[identity]
  if (typeof value !== 'string' || value === '' || value.length > MAX_IDENTITY) {
    throw new MissingIdentityError(commandClass.type, source, whyNoIdentity(value))
  }
  const before = typeof prefix === 'function' ? prefix(command) : prefix
  if (before !== undefined && typeof before !== 'string')
    throw new MissingIdentityError(commandClass.type, 'prefix', 'is no text')
  const stream = before === undefined ? `${aggregate.category}-${value}` : `${aggregate.category}-${before}${value}`
  checkStreamName(stream)
  return stream
}

function whyNoIdentity(value: unknown): string {
  if (value === undefined || value === null) return 'is missing'
  if (typeof value !== 'string') return `is a ${typeof value}, and an identity is text`
  return value === '' ? 'is empty' : `has ${value.length} characters, and ${MAX_IDENTITY} are the most`
}
