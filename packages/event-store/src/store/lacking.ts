import { CapabilityMissingError } from '../errors/append-errors.js'

/**
 * Stands for a part of the port that an adapter lacks: whatever is asked of it is refused with a CapabilityMissingError.
 *
 * @example readonly snapshots = lacking<Snapshots>('file', 'snapshots')
 */
export function lacking<Part extends object>(adapter: string, capability: string): Part {
  const refuse = async () => {
    throw new CapabilityMissingError(adapter, capability, 'Use a store that has it.')
  }
  // Whatever awaits it must not take it for a promise.
  return new Proxy({} as Part, { get: (_, name) => (name === 'then' || typeof name === 'symbol' ? undefined : refuse) })
}
