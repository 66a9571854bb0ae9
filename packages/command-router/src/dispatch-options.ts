import type { AggregateDefinition } from '@writ/aggregate'
import {
  type EventStore,
  hasCode,
  InvalidOptionError,
  type JsonObject,
  nearestName,
  refuseNoOptions,
  type TraceContext,
  toPlainJson,
} from '@writ/event-store'
import type { DispatchContext, Middleware } from './middleware.js'
import type { Returning } from './reply.js'

/** 'strong': every strongly consistent handler has seen the command's events; names: these handlers have. */
export type Consistency = 'eventual' | 'strong' | readonly string[]

export interface DispatchOptions<R extends Returning = Returning> {
  /** The sender's own id: a repetition of it gets the first one's answer, whatever happened since. 1 to 300 printable characters. */
  readonly commandId?: string
  /** The same by another name, as HTTP calls it; not both. */
  readonly idempotencyKey?: string
  /** Text that repetitions must share; by default it is made of the command's type and data. Only with an id. */
  readonly fingerprint?: string
  /** The user's own, stored with every event: plain JSON. */
  readonly metadata?: JsonObject
  /** Shared by everything that follows from one request; the command's id by default. */
  readonly correlationId?: string
  /** The id of what caused the command, such as an event's. */
  readonly causationId?: string
  /** How many events, each the cause of the next, led to the command; `causedBy` counts, and an application does within its handlers. */
  readonly causationDepth?: number
  /** Who does it. */
  readonly actor?: string
  /** Whose data it is, where one application serves several customers. */
  readonly tenant?: string
  /** Where the request's trace has come to; stored with every event, so that what follows from it goes on with the trace. */
  readonly trace?: TraceContext
  /** Around this dispatch alone, inside of the router's and the route's. */
  readonly middleware?: readonly Middleware[]
  /**
   * A started store to decide on and to append to, instead of the application's own: a tenant's, or one in memory to try things on.
   * Nobody handles its events, so that nobody can be waited for: consistency is 'eventual'.
   */
  readonly store?: EventStore
  /** Milliseconds until it gives up: 30,000 by default. The error says whether the command may be stored. */
  readonly timeout?: number
  /** Which handlers must have seen the command's events before it is answered; 'eventual', none, by default. */
  readonly consistency?: Consistency
  /** 'version' by default: ids, version, position and declared result; `{ state: Account }` for the state of that aggregate besides. */
  readonly returning?: R
  /** How many conflicts with other writers it takes before it gives up: 10 by default. */
  readonly retries?: number
}

/**
 * Options that may be set for all dispatches of a router. Metadata is merged key by key, and the dispatch's own counts; anything else
 * that a dispatch says takes the default's place.
 */
export type DispatchDefaults = Pick<DispatchOptions, 'timeout' | 'consistency' | 'retries' | 'actor' | 'tenant' | 'metadata'>

const checks: Record<keyof DispatchOptions, (value: unknown) => string | undefined> = {
  commandId: id,
  idempotencyKey: id,
  fingerprint: text,
  metadata: (value) => (typeof value === 'object' && value !== null && !Array.isArray(value) ? undefined : 'must be an object'),
  correlationId: text,
  causationId: text,
  causationDepth: (value) => (wholeFrom(value, 0) ? undefined : 'must be a whole number from 0'),
  actor: text,
  tenant: text,
  trace: (value) =>
    isTrace(value)
      ? undefined
      : "must be an object with a W3C `traceparent`, such as '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', and perhaps a `tracestate`",
  middleware: (value) =>
    Array.isArray(value) && value.every((one) => typeof one === 'function') ? undefined : 'must be a list of middleware',
  store: (value) => (isEventStore(value) ? undefined : 'must be an event store that has been started'),
  timeout: (value) =>
    wholeFrom(value, 1) && value <= 2_147_483_647 ? undefined : 'must be a whole number of milliseconds, from 1',
  consistency: (value) =>
    value === 'eventual' || value === 'strong' || (Array.isArray(value) && value.every((name) => typeof name === 'string'))
      ? undefined
      : "must be 'eventual', 'strong' or a list of handlers' names",
  returning: (value) =>
    returnings.includes(value) || isReturningState(value)
      ? undefined
      : `must be one of ${returnings.join(', ')}, or { state: … } with the aggregate that handles the command`,
  retries: (value) => (wholeFrom(value, 0) ? undefined : 'must be a whole number from 0'),
}

const traceparent = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/

const returnings: readonly unknown[] = ['version', 'result', 'events', 'nothing'] satisfies Returning[]

/** @throws InvalidOptionError; for an unknown option it gives the nearest name */
export function checkDispatchOptions(options: DispatchOptions, subject = 'dispatch'): void {
  refuseNoOptions(subject, options)
  for (const option in options) {
    const value = options[option as keyof DispatchOptions]
    if (value === undefined) continue
    if (!Object.hasOwn(checks, option)) {
      const nearest = nearestName(option, Object.keys(checks))
      throw new InvalidOptionError(subject, option, `is unknown${nearest ? `; the nearest is '${nearest}'` : ''}`)
    }
    const why = checks[option as keyof DispatchOptions](value)
    if (why) throw new InvalidOptionError(subject, option, why)
  }
  if (options.commandId !== undefined && options.idempotencyKey !== undefined) {
    throw new InvalidOptionError(subject, 'idempotencyKey', 'is the command id by another name; give one of them')
  }
  if (options.fingerprint !== undefined && options.commandId === undefined && options.idempotencyKey === undefined) {
    throw new InvalidOptionError(
      subject,
      'fingerprint',
      'needs a commandId or an idempotencyKey, whose repetitions it tells apart',
    )
  }
}

const defaultable: Record<keyof DispatchDefaults, true> = {
  timeout: true,
  consistency: true,
  retries: true,
  actor: true,
  tenant: true,
  metadata: true,
}

/** @throws InvalidOptionError, also for an option that makes sense for one dispatch alone */
export function checkDispatchDefaults(defaults: DispatchDefaults): void {
  checkDispatchOptions(defaults, 'defaults')
  if (defaults.metadata) checkPlain(defaults.metadata)
  for (const option of Object.keys(defaults)) {
    if (!Object.hasOwn(defaultable, option))
      throw new InvalidOptionError(
        'defaults',
        option,
        `belongs to one dispatch; defaults are ${Object.keys(defaultable).join(', ')}`,
      )
  }
}

/** One dispatch finds out when it makes its events; what all have in common is looked at once. */
function checkPlain(metadata: JsonObject): void {
  try {
    toPlainJson(metadata, 'metadata')
  } catch (error) {
    if (!hasCode(error, 'value-not-storable')) throw error
    throw new InvalidOptionError('defaults', 'metadata', `must be plain JSON: ${error.message}`)
  }
}

const settable = ['actor', 'tenant', 'trace', 'metadata'] as const

/**
 * What middleware may set on a command's way, as what a dispatch says.
 *
 * @throws InvalidOptionError
 */
export function checkSetByMiddleware(context: Pick<DispatchContext, (typeof settable)[number]>): void {
  for (const option of settable) {
    const value = context[option]
    const why = value === undefined ? undefined : checks[option](value)
    if (why) throw new InvalidOptionError('a dispatch, as middleware has set it,', option, why)
  }
}

/** Whether it has what every store has. */
export function isEventStore(value: unknown): value is EventStore {
  const methods = ['append', 'readStream', 'readAll', 'head', 'transaction', 'onAppended', 'onRewound', 'start', 'stop']
  return methods.every((method) => typeof (value as Record<string, unknown> | null)?.[method] === 'function')
}

function isTrace(value: unknown): value is TraceContext {
  if (typeof value !== 'object' || value === null) return false
  const { traceparent: parent, tracestate = '', ...other } = value as Partial<Record<string, unknown>>
  return (
    typeof parent === 'string' && traceparent.test(parent) && typeof tracestate === 'string' && Object.keys(other).length === 0
  )
}

function wholeFrom(value: unknown, least: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= least
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const unprintable = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/

function isReturningState(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Object.keys(value).join() !== 'state') return false
  const { state } = value as { readonly state: unknown }
  return typeof state === 'function' || typeof (state as Partial<AggregateDefinition> | null)?.category === 'string'
}

function id(value: unknown): string | undefined {
  const isFine =
    typeof value === 'string' && value !== '' && value.length <= 300 && !unprintable.test(value) && value.isWellFormed()
  return isFine ? undefined : 'must be 1 to 300 printable characters'
}

function text(value: unknown): string | undefined {
  const isFine =
    typeof value === 'string' && value !== '' && value.length <= 1_000 && !value.includes('\u0000') && value.isWellFormed()
  return isFine ? undefined : 'must be 1 to 1,000 characters of text'
}
