import type { Class } from '@writ/event-store'
import { projectionNameOf } from '../definition/projection.js'
import type { SubscriptionDefinition } from '../definition/subscription-definition.js'
import { UnknownProjectionError } from '../errors/projection-errors.js'
import type { ReadModel } from './read-model.js'

/** A projection as one names it: by its class, its value or its name without a version. */
export type ProjectionTarget = Class<object> | SubscriptionDefinition | string

/** A version of a projection that this process has the code of. */
export interface VersionHere extends ReadModel {
  readonly definition: SubscriptionDefinition
}

/** The versions of all projections that this process has the code of. */
export class VersionsHere {
  private readonly byName = new Map<string, readonly VersionHere[]>()

  constructor(definitions: readonly SubscriptionDefinition[]) {
    for (const definition of definitions) {
      if (!definition.readModel) continue
      const { readModel } = definition
      const others = this.byName.get(readModel.name) ?? []
      const all = [...others, { ...readModel, definition }].sort((a, b) => b.version - a.version)
      this.byName.set(readModel.name, all)
    }
  }

  get names(): readonly string[] {
    return [...this.byName.keys()]
  }

  /** @throws UnknownProjectionError */
  nameOf(target: ProjectionTarget): string {
    const name =
      typeof target === 'string' ? target : typeof target === 'function' ? projectionNameOf(target) : target?.readModel?.name
    if (name !== undefined && this.byName.has(name)) return name
    // By a cast, it may be anything.
    throw new UnknownProjectionError(name ?? String((target as { name?: string } | null)?.name ?? target), this.names)
  }

  /** The newest one first. */
  of(name: string): readonly VersionHere[] {
    return this.byName.get(name) ?? []
  }

  find(name: string, version: number | undefined): VersionHere | undefined {
    return this.of(name).find((here) => here.version === version)
  }
}

/** What a version's subscription is called in the store. */
export const subscriptionOf = (name: string, version: number): string => `${name}@${version}`

/** The version in a subscription's name; undefined where it is no version of this projection. */
export function versionIn(subscription: string, name: string): number | undefined {
  if (!subscription.startsWith(`${name}@`)) return undefined
  const version = Number(subscription.slice(name.length + 1))
  return Number.isSafeInteger(version) && version > 0 ? version : undefined
}
