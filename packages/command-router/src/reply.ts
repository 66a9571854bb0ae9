import { type AggregateDefinition, aggregateOf, type Executed, type StateOf } from '@writ/aggregate'
import { type AnyCommand, type Class, InvalidOptionError, type RecordedEvent, type ResultOf } from '@writ/event-store'
import type { Route } from './route.js'

/** How much a dispatch answers. */
export type Returning = 'version' | 'result' | 'events' | 'nothing' | ReturningState

/** The state after the command, too; of the aggregate that handles it, which is named so that the answer has its type. */
export interface ReturningState {
  /** The decorated class, or the value of `aggregate({ … })`. */
  readonly state: Class<object> | AggregateDefinition
}

/** What a command came to, with everything that may be asked for. */
export interface Dispatched<Result = unknown> {
  readonly commandId: string
  readonly stream: string
  /** The stream's version after the command. */
  readonly version: number
  /** The position of the command's last event: whoever has seen the log up to here has seen what it did. */
  readonly position: number
  /** What the command declares as its result. */
  readonly result: Result
  /** With `returning: 'events'`. */
  readonly events?: readonly RecordedEvent[]
  /** With `returning: { state: … }`. */
  readonly state?: unknown
}

type Everything<C extends AnyCommand> = Omit<Dispatched<ResultOf<C>>, 'events' | 'state'>

/** What `dispatch` answers: as much as was asked for, once it is stored. */
export type Reply<C extends AnyCommand = AnyCommand, R extends Returning = 'version'> = R extends ReturningState
  ? Everything<C> & { readonly state: StateOf<R['state']> }
  : {
      version: Everything<C>
      result: Pick<Everything<C>, 'commandId' | 'result'>
      events: Everything<C> & { readonly events: readonly RecordedEvent[] }
      nothing: Pick<Everything<C>, 'commandId'>
    }[Exclude<R, ReturningState>]

/** What is to be answered, without saying whose. */
export type Answer = Exclude<Returning, ReturningState> | 'state'

/** @throws InvalidOptionError where the state of an aggregate is asked for that does not handle the command */
export function answerTo({ aggregate, commandClass }: Route, returning: Returning = 'version'): Answer {
  if (typeof returning === 'string') return returning
  const asked: AggregateDefinition = typeof returning.state === 'function' ? aggregateOf(returning.state) : returning.state
  // With other settings it is another value, of the same functions.
  if (asked.decide === aggregate.decide) return 'state'
  const handledBy = aggregate.isStateless ? 'a handler without an aggregate' : aggregate.name
  const why = `asks for the state of ${asked.name}, and '${commandClass.type}' is handled by ${handledBy}`
  throw new InvalidOptionError('dispatch', 'returning', why)
}

/** What is to be answered and is not there: a middleware may answer by itself, or with a part of what it was given. */
export function lackingIn({ events, state }: Dispatched, returning: Answer): 'events' | 'state' | undefined {
  if (returning === 'events' && events === undefined) return 'events'
  return returning === 'state' && state === undefined ? 'state' : undefined
}

export function replyOf(dispatched: Dispatched, returning: Answer): object {
  if (returning === 'nothing') return { commandId: dispatched.commandId }
  if (returning === 'result') return { commandId: dispatched.commandId, result: dispatched.result }
  return dispatched
}

export function dispatchedOf({ commandId, stream, version, position, result, events, state }: Executed): Dispatched {
  if (events !== undefined) return { commandId, stream, version, position, result, events }
  if (state !== undefined) return { commandId, stream, version, position, result, state }
  return { commandId, stream, version, position, result }
}
