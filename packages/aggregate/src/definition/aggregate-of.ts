import {
  type AnyCommand,
  type AnyEvent,
  type AnyEventClass,
  type Class,
  isCommandClass,
  isEventClass,
  refuseUnknownOptions,
} from '@writ/event-store'
import { AsyncApplyError } from '../errors/apply-errors.js'
import { InvalidAggregateError } from '../errors/invalid-aggregate-error.js'
import { checkDefinition } from './check-definition.js'
import { classState } from './class-state.js'
import type { AggregateDefinition, Decide, Evolve } from './decider.js'
import { checkPure } from './pure-apply.js'
import { fieldsLike, type StoredState } from './stored-state.js'
import { type AggregateDecoratorOptions, readAggregate, readApplied, readHandled } from './written-down.js'

const definitions = new WeakMap<object, AggregateDefinition>()

/**
 * A decorated class → the aggregate that it writes down; the same one each time.
 *
 * @throws InvalidOptionError, InvalidAggregateError, AsyncApplyError, UncloneableStateError for a class that can't work; each says what to mend
 */
export function aggregateOf<State extends object>(aggregateClass: Class<State>): AggregateDefinition<State> {
  let definition = definitions.get(aggregateClass) as AggregateDefinition<State> | undefined
  if (!definition) {
    definition = read(aggregateClass)
    definitions.set(aggregateClass, definition)
  }
  return definition
}

function read<State extends object>(aggregateClass: Class<State>): AggregateDefinition<State> {
  const name = aggregateClass?.name ?? String(aggregateClass)
  const options = typeof aggregateClass === 'function' ? readAggregate(aggregateClass) : undefined
  if (!options) throw new InvalidAggregateError(name, 'it has no @Aggregate({ category, identity })')
  refuseUnknownOptions(`@Aggregate on ${name}`, options, Object.keys(known))
  const state = classState(aggregateClass as new () => State, name)
  const decisions = decisionsOf<State>(aggregateClass, name)
  const changes = changesOf<State>(aggregateClass, name)
  const { storedIn } = options
  const told = toldEvents(options, changes, name)
  const definition: AggregateDefinition<State> = {
    name,
    category: options.category,
    identity: options.identity,
    commands: decisions.map(({ commandClass }) => commandClass),
    events: [...changes.map(({ eventClass }) => eventClass), ...told],
    initialState: state.initial,
    decide: new Map(decisions.map(({ commandClass, decide }) => [commandClass.type, decide])),
    evolve: new Map([
      ...changes.map(({ eventClass, evolve }) => [eventClass.type, evolve] as const),
      ...told.map(({ type }) => [type, unchanged] as const),
    ]),
    copy: state.copy,
    snapshots: snapshotsOf(options, state),
    stateAsJson: { toJson: state.toJson, fromJson: state.fromJson },
    lifespan: options.lifespan,
    ...(storedIn && {
      stored: {
        rows: storedIn as StoredState<State>,
        changedBy: changes.length > 0 ? 'events' : 'decisions',
        restore: (fields) => Object.assign(state.initial(), fieldsLike({ ...state.initial() }, fields)),
        fieldsOf: (current) => ({ ...current }),
      },
    }),
  }
  checkDefinition(definition)
  return definition
}

const known: Record<keyof AggregateDecoratorOptions, true> = {
  category: true,
  identity: true,
  snapshotEvery: true,
  snapshotVersion: true,
  lifespan: true,
  storedIn: true,
  events: true,
}

const unchanged = <State>(state: State): State => state

/** The events that only tell of what a decision has changed in the fields. */
function toldEvents(
  { storedIn, events = [] }: AggregateDecoratorOptions,
  changes: readonly unknown[],
  name: string,
): readonly AnyEventClass[] {
  if (events.length > 0 && storedIn === undefined)
    throw new InvalidAggregateError(
      name,
      'its `events` only tell of what a row has: say `storedIn`, or give each a method with @Apply',
    )
  if (events.length > 0 && changes.length > 0)
    throw new InvalidAggregateError(
      name,
      'some of its events change the state (@Apply) and others only tell of it (`events`): apply all of them, or none',
    )
  return events
}

function snapshotsOf<State>(
  { snapshotEvery, snapshotVersion = 1 }: AggregateDecoratorOptions,
  { toJson, fromJson }: ReturnType<typeof classState<State & object>>,
) {
  return snapshotEvery === undefined ? undefined : { every: snapshotEvery, version: snapshotVersion, toJson, fromJson }
}

function decisionsOf<State>(aggregateClass: Class<object>, name: string) {
  const prototype = aggregateClass.prototype as object
  const byType = new Map<string, string | symbol>()
  return unique(readHandled(prototype)).map(({ method, commandClass }) => {
    if (!isCommandClass(commandClass))
      throw new InvalidAggregateError(name, `@Handle on ${String(method)} names no command class`)
    const other = byType.get(commandClass.type)
    if (other !== undefined) {
      throw new InvalidAggregateError(
        name,
        `the command '${commandClass.type}' is handled twice, by ${String(other)} and ${String(method)}; a command has exactly one handler`,
      )
    }
    byType.set(commandClass.type, method)
    const handler = methodOf(prototype, method) as (command: AnyCommand) => ReturnType<Decide<State>>
    const decide: Decide<State> = (state, command) => handler.call(state, command)
    // The name stands in errors about what the method answers.
    Object.defineProperty(decide, 'name', { value: `${name}.${String(method)}` })
    return { commandClass, decide }
  })
}

function changesOf<State>(aggregateClass: Class<object>, name: string) {
  const prototype = aggregateClass.prototype as object
  const byType = new Map<string, string | symbol>()
  return unique(readApplied(prototype)).map(({ method, eventClass }) => {
    if (!isEventClass(eventClass)) throw new InvalidAggregateError(name, `@Apply on ${String(method)} names no event class`)
    const other = byType.get(eventClass.type)
    if (other !== undefined) {
      throw new InvalidAggregateError(
        name,
        `the event '${eventClass.type}' is applied twice, by ${String(other)} and ${String(method)}`,
      )
    }
    byType.set(eventClass.type, method)
    const note = methodOf(prototype, method) as (event: AnyEvent) => unknown
    if (Object.prototype.toString.call(note) === '[object AsyncFunction]') throw new AsyncApplyError(name, eventClass.type)
    checkPure(name, eventClass.type, note)
    const evolve: Evolve<State> = (state, event) => {
      const answer = note.call(state, event)
      // A promise that slipped through the types goes on as the state, where it is noticed.
      return answer === undefined ? state : typeof (answer as { then?: unknown }).then === 'function' ? (answer as State) : state
    }
    return { eventClass, evolve }
  })
}

/** A subclass that overrides a decorated method may decorate it again: the same, once more. */
function unique<T extends { readonly method: string | symbol; readonly commandClass?: object; readonly eventClass?: object }>(
  entries: T[],
): T[] {
  return entries.filter(
    (entry, index) =>
      !entries.some(
        (other, at) =>
          at < index &&
          other.method === entry.method &&
          other.commandClass === entry.commandClass &&
          other.eventClass === entry.eventClass,
      ),
  )
}

function methodOf(prototype: object, method: string | symbol): unknown {
  return (prototype as Record<string | symbol, unknown>)[method]
}
