import type { AggregateDefinition } from '@writ/aggregate'
import {
  type AnyCommand,
  type AnyCommandClass,
  commandClassOf,
  InvalidOptionError,
  isCommandClass,
  type JsonObject,
  type TraceContext,
} from '@writ/event-store'
import type { Dispatched } from './reply.js'

/** A command on its way, as middleware sees it. */
export interface DispatchContext {
  readonly command: AnyCommand
  readonly commandId: string
  readonly aggregate: AggregateDefinition
  readonly stream: string
  readonly correlationId: string
  readonly causationId: string | undefined
  readonly causationDepth: number | undefined
  /** Whether a transaction is still to be committed: what `next` answers is what the command comes to if it is, and has no position (0). */
  readonly isProvisional: boolean
  /** Who does it; a middleware that knows better may set it. */
  actor: string | undefined
  /** Whose data it is; a middleware that knows better may set it. */
  tenant: string | undefined
  /** Where the request's trace has come to; a middleware that begins a span may set it. */
  trace: TraceContext | undefined
  /** The user's own, stored with every event; a middleware may replace it. */
  metadata: JsonObject | undefined
}

/**
 * Goes around the handling of commands.
 *
 * What stands before `await next()` happens before, what stands after it after; a `catch` around it sees failures and refusals;
 * and whoever throws or answers without calling it has halted the command. After a failure it may be called again.
 *
 * @example const timed: Middleware = async (dispatch, next) => { const start = now(); try { return await next() } finally { note(dispatch.command, now() - start) } }
 */
export type Middleware = (dispatch: DispatchContext, next: () => Promise<Dispatched>) => Promise<Dispatched>

/**
 * The same, around these commands alone.
 *
 * @throws InvalidOptionError for what is no list of command classes, or no middleware
 */
export function forCommands(commands: readonly AnyCommandClass[], middleware: Middleware): Middleware {
  if (!Array.isArray(commands) || !commands.every(isCommandClass))
    throw new InvalidOptionError('forCommands', 'commands', 'must be a list of classes made by Command')
  if (typeof middleware !== 'function') throw new InvalidOptionError('forCommands', 'middleware', 'must be a function')
  const types = new Set((commands as readonly AnyCommandClass[]).map(({ type }) => type))
  return (dispatch, next) => (types.has(commandClassOf(dispatch.command).type) ? middleware(dispatch, next) : next())
}
