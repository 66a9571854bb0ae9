import { UnknownHandlerError } from '../errors/wait-errors.js'

/**
 * The subscription with a name; a projection's version may be left out.
 *
 * @param others names that are known besides, for the error
 * @throws UnknownHandlerError with the nearest name
 */
export function findByName<T>(subscriptions: ReadonlyMap<string, T>, name: string, others: readonly string[] = []): T {
  const found = subscriptions.get(name) ?? [...subscriptions].find(([full]) => nameWithoutVersion(full) === name)?.[1]
  if (found === undefined) throw new UnknownHandlerError(name, [...subscriptions.keys(), ...others])
  return found
}

const nameWithoutVersion = (name: string): string => name.replace(/@\d+$/, '')
