import type { Class } from '@writ/event-store'
import type { AggregateDefinition } from './decider.js'

/** The state of an aggregate, of which its decorated class is given or its value. */
export type StateOf<Aggregate> =
  Aggregate extends AggregateDefinition<infer State> ? State : Aggregate extends Class<infer State> ? State : never
