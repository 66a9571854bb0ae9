import {
  type AnyEvent,
  commandClassOf,
  eventClassOf,
  isEvent,
  type Json,
  type MessageIssue,
  newEvents,
  type Runtime,
  thrownMessage,
  toPlainJson,
} from '@writ/event-store'
import { Decided, type Decision } from '../definition/decision.js'
import { InvalidDecisionError, InvalidResultError } from '../errors/decision-errors.js'
import { isPromise } from '../state/apply-event.js'
import type { CommandExecution } from './command-execution.js'
import type { PendingCommand } from './pending-command.js'

/**
 * Checks what a handler answered, and notes it with the command: its events, as instances and as the store takes them, and its result.
 *
 * @throws InvalidDecisionError for what is no decision, InvalidResultError for a result that is not the declared one
 */
export function conclude(command: PendingCommand, decision: Decision, runtime: Runtime): void {
  const { execution } = command
  let answer: unknown = decision
  let result: unknown
  if (Decided.is(answer)) {
    result = answer.result
    answer = answer.events
  }
  const events = eventsIn(answer, execution)
  const { resultSchema } = commandClassOf(execution.command)
  if (resultSchema !== undefined || result !== undefined) {
    command.result = encodeResult(result, execution)
    command.answer = decodeResult(command.result, execution)
  }
  if (events.length === 0) return
  command.events = events
  command.newEvents = newEvents(events, execution.metadata, runtime)
}

const none: readonly AnyEvent[] = Object.freeze([])

/** @throws InvalidDecisionError for what is no event of the aggregate, and no list of such */
export function eventsIn(answer: unknown, execution: CommandExecution): readonly AnyEvent[] {
  if (answer === undefined) return none
  const events = Array.isArray(answer) ? (answer as readonly unknown[]) : [answer]
  for (const event of events) checkEvent(event, execution, events === answer)
  return events as readonly AnyEvent[]
}

function checkEvent(event: unknown, { decide, aggregate }: CommandExecution, isListed: boolean): void {
  if (!isEvent(event)) throw new InvalidDecisionError(handlerName(decide), `${isListed ? 'a list with ' : ''}${described(event)}`)
  const { type, name } = eventClassOf(event) as { readonly type: string; readonly name?: string }
  if (aggregate.evolve.has(type)) return
  throw new InvalidDecisionError(
    handlerName(decide),
    `the event ${name} ('${type}'), which ${aggregate.name} does not declare (@Apply, or \`events\` and \`evolve\`)`,
  )
}

function described(value: unknown): string {
  if (value === null) return 'null'
  if (isPromise(value)) return 'a promise inside of it: await it first'
  if (value === undefined) return 'undefined'
  if (typeof value !== 'object') return typeof value === 'function' ? 'a function' : `a ${typeof value}`
  if (Array.isArray(value)) return 'a list'
  const name = Object.getPrototypeOf(value)?.constructor?.name
  return name === 'Object' || name === undefined
    ? 'a plain object: an event is an instance of its class, and a copy such as { ...event } is none'
    : `${name === '' ? 'an object' : `a ${name}`}, which is no event`
}

function handlerName(decide: { readonly name: string }): string {
  return decide.name === '' ? 'The handler' : decide.name
}

function encodeResult(result: unknown, { command, decide }: CommandExecution): Json | undefined {
  const { type, resultSchema } = commandClassOf(command)
  if (resultSchema === undefined) throw new InvalidDecisionError(handlerName(decide), `a result, and '${type}' declares none`)
  let encoded: ReturnType<typeof resultSchema.safeEncode>
  try {
    encoded = resultSchema.safeEncode(result)
  } catch (error) {
    // A one-way transform can't be written down, and a repetition could not be answered.
    throw new InvalidResultError(handlerName(decide), type, [{ path: '', message: thrownMessage(error) }])
  }
  if (!encoded.success) throw new InvalidResultError(handlerName(decide), type, encoded.error.issues.map(issueOf))
  return encoded.data === undefined ? undefined : toPlainJson(encoded.data, `The result of '${type}'`)
}

function issueOf(issue: { readonly path: readonly PropertyKey[]; readonly message: string }): MessageIssue {
  return { path: issue.path.join('.'), message: issue.message }
}

/** A result as JSON → what the sender gets. */
export function decodeResult(encoded: Json | undefined, { command }: CommandExecution): unknown {
  const { resultSchema } = commandClassOf(command)
  if (resultSchema === undefined) return undefined
  const decoded = resultSchema.safeDecode(encoded as never)
  // One of an older shape, from a receipt, is given as it was written down.
  return decoded.success ? decoded.data : encoded
}
