import { type AnyCommand, isCommand, isEvent, type Json, toPlainJson } from '@writ/event-store'
import { InvalidStepError } from '../errors/process-errors.js'
import type { Step } from './process-manager-definition.js'

/** @throws InvalidStepError for anything but commands */
export function commandsIn(handler: string, answer: unknown): readonly AnyCommand[] {
  if (answer === undefined) return []
  const commands = Array.isArray(answer) ? (answer as readonly unknown[]) : [answer]
  for (const command of commands) if (!isCommand(command)) throw new InvalidStepError(handler, described(command))
  return commands as readonly AnyCommand[]
}

/**
 * What a handler of a value answered: commands, or commands and the next state.
 *
 * @param state the state that it was given: the next one, where it names none
 * @throws InvalidStepError, ValueNotStorableError
 */
export function stepOf(handler: string, answer: unknown, state: Json | undefined): Step {
  if (!isPlainObject(answer)) return { state, commands: commandsIn(handler, answer) }
  const unknown = Object.keys(answer).find((key) => key !== 'state' && key !== 'commands')
  if (unknown !== undefined) {
    throw new InvalidStepError(handler, `an object with the key '${unknown}', and only 'state' and 'commands' mean something`)
  }
  return {
    state: answer.state === undefined ? state : toPlainJson(answer.state, `The state that ${handler} answered with`),
    commands: commandsIn(handler, answer.commands),
  }
}

function isPlainObject(value: unknown): value is { readonly state?: unknown; readonly commands?: unknown } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function described(value: unknown): string {
  if (value === null) return 'null'
  if (isEvent(value)) return `the event ${value.constructor.name}: only aggregates decide events`
  if (typeof value !== 'object') return `a ${typeof value}`
  if (isPlainObject(value))
    return 'a plain object: a command is an instance of its class, and a copy such as { ...command } is none'
  return `a ${value.constructor?.name ?? 'nameless object'}, which is no command`
}
