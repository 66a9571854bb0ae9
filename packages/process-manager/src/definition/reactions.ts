import {
  type AnyCommand,
  type AnyCommandClass,
  type AnyEvent,
  type AnyEventClass,
  type Class,
  type DomainError,
  isCommandClass,
  isEventClass,
} from '@writ/event-store'
import { InvalidProcessManagerError } from '../errors/definition-errors.js'
import type { Commands, ProcessContext, Role } from './process-manager-definition.js'

/** What the handlers of a value get: the context, and the instance's state. */
export type StatefulContext<State> = ProcessContext & { readonly state: State }

/** What the handlers of a value answer with: commands, or the next state and commands. */
export type Answer<State> = Commands | { readonly state?: State; readonly commands?: Commands }

export interface EventReaction<State> {
  readonly role: Role
  readonly event: AnyEventClass
  // A method, and so compared loosely: a list holds reactions to several events.
  handle(event: AnyEvent, context: StatefulContext<State>): Answer<State> | Promise<Answer<State>>
}

export interface RefusalReaction<State> {
  readonly command: AnyCommandClass
  handle(command: AnyCommand, error: DomainError, context: StatefulContext<State>): Answer<State> | Promise<Answer<State>>
}

export type ValueReaction<State> = EventReaction<State> | RefusalReaction<State>

export const isEventReaction = <State>(one: ValueReaction<State>): one is EventReaction<State> => 'event' in one
export const isRefusalReaction = <State>(one: ValueReaction<State>): one is RefusalReaction<State> => 'command' in one

type HandleEvent<E, State> = (event: E, context: StatefulContext<State>) => Answer<State> | Promise<Answer<State>>

const nothing = () => undefined

/** The same as {@link Start}, as a value. */
export function start<E extends AnyEvent, State = undefined>(
  eventClass: Class<E>,
  handle: HandleEvent<E, State>,
): EventReaction<State> {
  return reaction('start', eventClass, handle)
}

/** The same as {@link On}, as a value. */
export function on<E extends AnyEvent, State = undefined>(
  eventClass: Class<E>,
  handle: HandleEvent<E, State>,
): EventReaction<State> {
  return reaction('on', eventClass, handle)
}

/** The same as {@link End}, as a value; without a function, the instance only ends. */
export function end<E extends AnyEvent, State = undefined>(
  eventClass: Class<E>,
  handle: HandleEvent<E, State> = nothing,
): EventReaction<State> {
  return reaction('end', eventClass, handle)
}

/** The same as {@link Rejected}, as a value. */
export function rejected<C extends AnyCommand, State = undefined>(
  commandClass: Class<C>,
  handle: (command: C, error: DomainError, context: StatefulContext<State>) => Answer<State> | Promise<Answer<State>>,
): RefusalReaction<State> {
  const command: unknown = commandClass
  if (!isCommandClass(command)) throw wrongClass('rejected', command, 'a command class')
  return { command, handle: handle as RefusalReaction<State>['handle'] }
}

function reaction<E extends AnyEvent, State>(
  role: Role,
  eventClass: Class<E>,
  handle: HandleEvent<E, State>,
): EventReaction<State> {
  const event: unknown = eventClass
  if (!isEventClass(event)) throw wrongClass(role, event, 'an event class')
  return { role, event, handle: handle as EventReaction<State>['handle'] }
}

function wrongClass(role: string, given: unknown, wanted: string): InvalidProcessManagerError {
  const what = given === undefined ? 'undefined, as in a circular import' : 'something else'
  return new InvalidProcessManagerError(`${role}(…)`, `it was given ${what}, instead of ${wanted}`)
}
