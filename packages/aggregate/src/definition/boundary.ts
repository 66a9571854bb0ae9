import {
  type AnyCommand,
  type AnyEventClass,
  type EventQuery,
  type EventQueryItem,
  isEventClass,
  type RecordedEvent,
  refuseUnknownOptions,
} from '@writ/event-store'
import { InvalidBoundaryError } from '../errors/invalid-boundary-error.js'
import { freezeDeeply } from './decider-state.js'
import type { InferredState } from './inferred-state.js'

/** The events of many streams that a decision depends on, and the state that they come to for it. Made by {@link boundary}. */
export interface DecisionBoundary<C extends AnyCommand, State> {
  /** All events that it can hold. */
  readonly events: readonly AnyEventClass[]
  queryOf(command: C): EventQuery
  /** @param events those that match the query, in log order */
  stateOf(command: C, events: readonly RecordedEvent[]): State
}

/** Which events a command's decision depends on; an item that names no types is about all of the boundary's events. */
export type Matching = EventQueryItem | readonly EventQueryItem[]

export interface BoundaryOptions<C extends AnyCommand, Initial, E extends readonly AnyEventClass[]> {
  readonly events: E
  /** The tags to look for: of one thing, or of several. */
  readonly matching: (command: C) => Matching
  /** The state without events, or a function of the command; states are immutable. */
  readonly initialState: Initial | ((command: C) => Initial)
  /** How each event changes the state. */
  readonly evolve: {
    readonly [T in E[number]['type']]: (
      state: InferredState<Initial>,
      event: InstanceType<Extract<E[number], { readonly type: T }>>,
    ) => InferredState<Initial>
  }
}

/**
 * Makes a boundary that folds its events into the state that a decision needs: a rule across aggregates, without locks.
 *
 * The decision holds only as long as nothing newer matches; when something does, it is made again.
 *
 * @throws InvalidOptionError for an unknown option, InvalidBoundaryError without a first state, or where `evolve` misses or exceeds `events`
 * @example const openTickets = boundary({ events: [TicketOpened, TicketClosed], matching: ({ user }: OpenTicket) => ({ tags: [`user:${user}`] }),
 *   initialState: 0, evolve: { 'ticket-opened': (open) => open + 1, 'ticket-closed': (open) => open - 1 } })
 */
export function boundary<C extends AnyCommand, const Initial, const E extends readonly AnyEventClass[]>(
  options: BoundaryOptions<C, Initial, E>,
): DecisionBoundary<C, InferredState<Initial>> {
  refuseUnknownOptions('boundary', options, ['events', 'matching', 'initialState', 'evolve'])
  const { events, matching, initialState } = options
  if (initialState === undefined) throw new InvalidBoundaryError("it has no 'initialState', the state without events")
  if (!Array.isArray(events)) throw new InvalidBoundaryError('its events must be a list of classes')
  if (typeof matching !== 'function')
    throw new InvalidBoundaryError("its 'matching' must be a function that gives tags to look for")
  const evolve = new Map(Object.entries(options.evolve as Readonly<Record<string, Evolve>>))
  const types = events.map((eventClass) => {
    if (!isEventClass(eventClass)) throw new InvalidBoundaryError('its events must be classes made by Event')
    if (!evolve.has(eventClass.type)) throw new InvalidBoundaryError(`'${eventClass.type}' has no function in 'evolve'`)
    return eventClass.type
  })
  const stray = [...evolve.keys()].find((type) => !types.includes(type))
  if (stray !== undefined) throw new InvalidBoundaryError(`'${stray}' has a function, but is none of its events`)
  return {
    events,
    queryOf: (command) => ({ items: itemsOf(matching(command)).map((item) => ({ types, ...item })) }),
    stateOf(command, found) {
      const first = typeof initialState === 'function' ? (initialState as (command: C) => Initial)(command) : initialState
      if (first === undefined) throw new InvalidBoundaryError("its 'initialState' gives undefined, which is no state")
      let state: unknown = freezeDeeply(first)
      for (const { type, data } of found) {
        state = freezeDeeply((evolve.get(type) ?? unchanged)(state, data))
        if (state === undefined)
          throw new InvalidBoundaryError(
            `evolve['${type}'] answers with undefined, where it should with the next state, or the one given`,
          )
      }
      return state as InferredState<Initial>
    },
  }
}

type Evolve = (state: unknown, event: unknown) => unknown

const unchanged: Evolve = (state) => state

function itemsOf(matching: Matching): readonly EventQueryItem[] {
  return Array.isArray(matching) ? matching : [matching as EventQueryItem]
}
