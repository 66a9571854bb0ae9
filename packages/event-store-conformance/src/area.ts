import type { EventStore } from '@writ/event-store'
import type { Capability } from './capability.js'
import type { Hooks } from './place.js'

/** What a scenario has to work with. Its streams are its own; the log it shares with the other scenarios of its area. */
export interface World {
  readonly store: EventStore
  /** Where the log ended when the scenario began. */
  readonly start: number
  /** What the adapter's author gave besides the store; a scenario names the capability of each hook that it calls. */
  readonly hooks: Hooks
  /** A name that nothing else has: for streams, subscriptions, commands, event types, tags. */
  unique(prefix: string): string
  /** A store of another process on the same data; the same one for all scenarios of the area. */
  neighbour(): Promise<EventStore>
  /** A store of another process that is the scenario's own, to stop if it likes. */
  another(): Promise<EventStore>
  /** A store of another process that may take events out; the same one for all scenarios of the area. `store` itself, where it is alone. */
  eraser(): Promise<EventStore>
}

/** Declares one scenario: a sentence that goes on from the store ("refuses …"), and what shows that it is true. */
export type Scenario = (sentence: string, run: (world: World) => Promise<void>, ...needs: Capability[]) => void

/** Declares the scenarios of one area; they share one store. */
export type Area = (scenario: Scenario) => void

/** A scenario as it was declared. */
export interface DeclaredScenario {
  readonly sentence: string
  readonly run: (world: World) => Promise<void>
  readonly needs: readonly Capability[]
}

export function scenariosOf(area: Area): readonly DeclaredScenario[] {
  const declared: DeclaredScenario[] = []
  area((sentence, run, ...needs) => declared.push({ sentence, run, needs }))
  return declared
}
