import {
  type AnyCommand,
  type AnyCommandClass,
  type AnyEvent,
  type AnyEventClass,
  type AppendsTogether,
  type Json,
  type RecordedEvent,
  refuseUnknownOptions,
} from '@writ/event-store'
import { checkDefinition, checkFunctions, checkInitialState } from './check-definition.js'
import { freezeDeeply, jsonOfDeciderState } from './decider-state.js'
import type { Decision, DecisionOn } from './decision.js'
import type { InferredState } from './inferred-state.js'
import type { Lifespan, Lifespans } from './lifespan.js'
import { checkPure } from './pure-apply.js'
import { type FieldsOf, fieldsLike, type StoredState } from './stored-state.js'

/**
 * What an aggregate is, as a value: where it starts, what it decides, and how events change it.
 *
 * `aggregate` makes one from functions over immutable states, `aggregateOf` from a decorated class; one runtime serves both.
 */
export interface AggregateDefinition<State = unknown, Identity extends string = string> {
  /** For people: the class's name, or the category. */
  readonly name: string
  /** The first part of its streams' names: `account` in `account-42`. */
  readonly category: string
  /** The command field that says which aggregate is meant. */
  readonly identity: Identity
  /** The commands that it handles itself. */
  readonly commands: readonly AnyCommandClass[]
  /** All events that its streams may hold. */
  readonly events: readonly AnyEventClass[]
  initialState(): State
  /** By the command's type. */
  readonly decide: ReadonlyMap<string, Decide<State>>
  /** By the event's type; may change the state it is given, or return another. */
  readonly evolve: ReadonlyMap<string, Evolve<State>>
  /** A state that `evolve` may change without anyone noticing; of immutable states, the same one. */
  copy(state: State): State
  readonly snapshots: SnapshotPolicy<State> | undefined
  /** How its states become snapshots, whoever says when: see `withSettings`. */
  readonly stateAsJson: StateAsJson<State>
  /** How long it stays in memory; as the application says by default. */
  readonly lifespan?: Lifespan | Lifespans | undefined
  /** Whether it has no state at all: what its handlers decide on, they read in the transaction that their events are stored in. */
  readonly isStateless?: boolean
  /** Of one whose state is kept in a row. */
  readonly stored?: StoredIn<State> | undefined
}

/** How the state of a state-stored aggregate is kept. */
export interface StoredIn<State = unknown> {
  readonly rows: StoredState<State>
  /** What changes the state: its events do, by `evolve`, and so they tell it at any time; or decisions do, and events only tell of it. */
  readonly changedBy: 'events' | 'decisions'
  restore(fields: FieldsOf<State>): State
  fieldsOf(state: State): FieldsOf<State>
}

export interface SnapshotPolicy<State = unknown> extends StateAsJson<State> {
  /** A snapshot is saved after so many events. */
  readonly every: number
  /** The version of the state's shape; snapshots of another one are passed over. */
  readonly version: number
}

export interface StateAsJson<State = unknown> {
  /** @throws ValueNotStorableError for a state that JSON would change */
  toJson(state: State): Json
  /** @returns undefined when it is no state of this shape */
  fromJson(json: Json): State | undefined
}

/** What a handler gets besides state and command. */
export interface Handling<BoundaryState = unknown> {
  /** The events that match the boundary's query, in log order; empty where there is no boundary. */
  readonly boundary: readonly RecordedEvent[]
  /** What they come to, where the boundary says how. */
  readonly state: BoundaryState
  /** The transaction of the store in which the decision is stored; there where the handler has no aggregate. */
  readonly transaction?: object
}

/**
 * What a handler without an aggregate gets besides the command.
 *
 * @typeParam Transaction what work in a transaction of the store gets: `SqlTransaction` on PostgreSQL
 */
export interface HandlingAlone<Transaction extends object = object, BoundaryState = unknown> extends Handling<BoundaryState> {
  /** What it changes here is stored with its events; undone where it refuses. */
  readonly transaction: Transaction & Pick<AppendsTogether, 'rows'>
}

// Methods compare bivariantly: so a definition over one state is also a definition over `unknown`, whatever its state.
export type Decide<State> = {
  decide(state: State, command: AnyCommand, handling: Handling): Decision | Promise<Decision>
}['decide']
export type Evolve<State> = { evolve(state: State, event: AnyEvent): State }['evolve']

/** An aggregate as its author writes it down, without decorators; the maps are exhaustive. */
export interface AggregateOptions<
  Initial,
  C extends readonly AnyCommandClass[],
  E extends readonly AnyEventClass[],
  I extends string = IdentityOf<C>,
> {
  /** No dash, and no `$` at its beginning. */
  readonly category: string
  /** A field that every command has, with text. */
  readonly identity: I
  readonly commands: C
  readonly events: E
  /** States are immutable: `evolve` returns new ones. */
  readonly initialState: Initial
  readonly decide: DecideMap<InferredState<Initial>, C[number]>
  readonly evolve: EvolveMap<InferredState<Initial>, E[number]>
  /** A snapshot after so many events; none by default. */
  readonly snapshotEvery?: number
  /** Grows when the state changes its shape; 1 by default. */
  readonly snapshotVersion?: number
  /** How long it stays in memory with nothing to do; as the application says by default. */
  readonly lifespan?: Lifespan | Lifespans
  /** Where its state is kept besides: a row of the user's own, read with a lock and written with the events. Made by `rowsOf`. */
  readonly storedIn?: StoredState<NoInfer<InferredState<Initial>>>
}

const known: Record<keyof AggregateOptions<unknown, [], []>, true> = {
  category: true,
  identity: true,
  commands: true,
  events: true,
  initialState: true,
  decide: true,
  evolve: true,
  snapshotEvery: true,
  snapshotVersion: true,
  lifespan: true,
  storedIn: true,
}

/** A function for each command's type. (A mapped type that renames its keys would leave the parameters without types.) */
type DecideMap<State, C extends AnyCommandClass> = {
  readonly [T in C['type']]: (
    state: State,
    command: InstanceType<ClassOf<C, T>>,
  ) => DecisionOn<InstanceType<ClassOf<C, T>>> | Promise<DecisionOn<InstanceType<ClassOf<C, T>>>>
}
type EvolveMap<State, E extends AnyEventClass> = {
  readonly [T in E['type']]: (state: State, event: InstanceType<ClassOf<E, T>>) => State
}
/** Of several classes, the one with this type. */
export type ClassOf<M, T> = Extract<M, { readonly type: T }>

/** The fields that all of these commands have, and that hold text. */
export type IdentityOf<C extends readonly AnyCommandClass[]> = TextFieldOf<InstanceType<C[number]>>
type TextFieldOf<T> = { [K in keyof T & string]: T[K] extends string ? K : never }[keyof T & string]

/**
 * Makes an aggregate from functions over immutable states.
 *
 * @throws InvalidOptionError for an unknown option
 * @throws ImpureApplyError where a function for an event looks at the clock, or makes something up by chance
 * @throws InvalidAggregateError for a malformed category, identity or snapshot option, without a first state, or where the maps miss or
 *   exceed the lists
 */
export function aggregate<
  const Initial,
  const C extends readonly AnyCommandClass[],
  const E extends readonly AnyEventClass[],
  const I extends IdentityOf<C>,
>(options: AggregateOptions<Initial, C, E, I>): AggregateDefinition<InferredState<Initial>, I> {
  type State = InferredState<Initial>
  refuseUnknownOptions(`aggregate '${String(options?.category)}'`, options, Object.keys(known))
  const { category, identity, commands, events, snapshotEvery, snapshotVersion = 1 } = options
  checkFunctions(category, 'decide', options.decide)
  checkFunctions(category, 'evolve', options.evolve)
  checkInitialState(category, options.initialState)
  const initialState = freezeDeeply(options.initialState) as State
  const stateAsJson = jsonOfDeciderState<State>(category)
  const definition: AggregateDefinition<State, I> = {
    name: category,
    category,
    identity,
    commands,
    events,
    initialState: () => initialState,
    decide: new Map(Object.entries<Decide<State>>(options.decide).map(([type, decide]) => [type, named(decide, category, type)])),
    evolve: new Map(
      Object.entries<Evolve<State>>(options.evolve).map(([type, evolve]) => {
        checkPure(category, type, evolve)
        // Frozen, so that a function that changes its state in place is caught at once.
        return [type, (state: State, event: AnyEvent) => freezeDeeply(evolve(state, event))]
      }),
    ),
    copy: (state) => state,
    snapshots: snapshotEvery === undefined ? undefined : { every: snapshotEvery, version: snapshotVersion, ...stateAsJson },
    stateAsJson,
    lifespan: options.lifespan,
    ...(options.storedIn && { stored: storedValue(options.storedIn as StoredState<State>, 'events', initialState) }),
  }
  checkDefinition(definition)
  return definition
}

/** @internal How immutable states are kept in rows. */
export function storedValue<State>(
  rows: StoredState<State>,
  changedBy: StoredIn['changedBy'],
  initialState: State,
): StoredIn<State> {
  return {
    rows,
    changedBy,
    restore: (fields) => freezeDeeply(fieldsLike(initialState as object, fields)) as State,
    fieldsOf: (state) => state as FieldsOf<State>,
  }
}

/** @internal The name stands in errors about what the function answers. */
export function named<State>(decide: Decide<State>, category: string, type: string): Decide<State> {
  const handler: Decide<State> = (state, command, handling) => decide(state, command, handling)
  Object.defineProperty(handler, 'name', { value: `${category}.decide['${type}']` })
  return handler
}
