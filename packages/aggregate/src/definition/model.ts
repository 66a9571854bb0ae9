import { type AnyCommand, type AnyCommandClass, type AnyEvent, type AnyEventClass, refuseUnknownOptions } from '@writ/event-store'
import { checkDefinition, checkFunctions, checkInitialState } from './check-definition.js'
import { type AggregateDefinition, type ClassOf, type Decide, type IdentityOf, named, storedValue } from './decider.js'
import { freezeDeeply, jsonOfDeciderState } from './decider-state.js'
import type { InferredState } from './inferred-state.js'
import type { StoredState } from './stored-state.js'
import type { UpdateOn } from './updated.js'

/** A model as its author writes it down; `decide` is exhaustive. */
export interface ModelOptions<
  Initial,
  C extends readonly AnyCommandClass[],
  E extends readonly AnyEventClass[],
  I extends string = IdentityOf<C>,
> {
  /** No dash, and no `$` at its beginning. */
  readonly category: string
  /** A field that every command has, with text. */
  readonly identity: I
  /** Where the states are kept. Made by `rowsOf`. */
  readonly storedIn: StoredState<NoInfer<InferredState<Initial>>>
  readonly commands: C
  /** Those that tell of what happened; the state does not depend on them. None by default. */
  readonly events?: E
  /** The state of one that has no row yet. States are immutable. */
  readonly initialState: Initial
  readonly decide: {
    readonly [T in C[number]['type']]: (
      state: InferredState<Initial>,
      command: InstanceType<ClassOf<C[number], T>>,
    ) => Update<InferredState<Initial>, InstanceType<ClassOf<C[number], T>>>
  }
}

type Update<State, C extends AnyCommand> = UpdateOn<State, C> | Promise<UpdateOn<State, C>>

const known: Record<keyof ModelOptions<unknown, [], []>, true> = {
  category: true,
  identity: true,
  storedIn: true,
  commands: true,
  events: true,
  initialState: true,
  decide: true,
}

/**
 * Makes a state-stored aggregate whose decisions give the next state themselves, with {@link updated}; events, where it has any, only tell
 * of it.
 *
 * Its past can't be looked at: no event tells a state.
 *
 * @throws InvalidOptionError for an unknown option
 * @throws InvalidAggregateError for a malformed category or identity, or where `decide` misses or exceeds the commands
 */
export function model<
  const Initial,
  const C extends readonly AnyCommandClass[],
  const I extends IdentityOf<C>,
  const E extends readonly AnyEventClass[] = readonly [],
>(options: ModelOptions<Initial, C, E, I>): AggregateDefinition<InferredState<Initial>, I> {
  type State = InferredState<Initial>
  refuseUnknownOptions(`model '${String(options?.category)}'`, options, Object.keys(known))
  const { category, identity, commands, events = [] } = options
  checkFunctions(category, 'decide', options.decide)
  checkInitialState(category, options.initialState)
  const initialState = freezeDeeply(options.initialState) as State
  const decide = options.decide as unknown as Readonly<Record<string, Decide<State>>>
  const definition: AggregateDefinition<State, I> = {
    name: category,
    category,
    identity,
    commands,
    events,
    initialState: () => initialState,
    decide: new Map(Object.entries(decide).map(([type, decideOn]) => [type, named(decideOn, category, type)])),
    evolve: new Map(events.map(({ type }) => [type, (state: State, _event: AnyEvent) => state])),
    copy: (state) => state,
    snapshots: undefined,
    stateAsJson: jsonOfDeciderState<State>(category),
    stored: storedValue(options.storedIn as StoredState<State>, 'decisions', initialState),
  }
  checkDefinition(definition)
  return definition
}
