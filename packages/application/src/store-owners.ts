import type { EventStore } from '@writ/event-store'
import { StoreInUseError } from './errors.js'

const owners = new WeakMap<EventStore, { readonly name: string }>()

/**
 * Notes whose store it is while an application runs: who stops stops its store, too, under whoever shares it.
 *
 * @returns takes the note away again
 * @throws StoreInUseError
 */
export function ownStore(store: EventStore, owner: { readonly name: string }): () => void {
  const other = owners.get(store)
  if (other) throw new StoreInUseError(owner.name, other.name)
  owners.set(store, owner)
  return () => void owners.delete(store)
}

export function isOfAnother(store: EventStore, owner: object): boolean {
  return (owners.get(store) ?? owner) !== owner
}
