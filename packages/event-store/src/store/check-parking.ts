// What adapters check before they touch parked events.

import { InvalidOptionError } from '../errors/invalid-option-error.js'
import { checkInteger, checkMilliseconds, checkName, checkPosition } from './check-bookkeeping.js'
import { isJsonObject } from './json-text.js'
import type { DueOptions, NewParkedEvent, ParkedEventName, ParkedPage, ParkingChanges, ParkingDecision } from './parked-events.js'

const MAX_CHANGES = 1_000
const MAX_PAGE = 1_000
const MAX_INTEGER = 2_147_483_647
const MAX_BYTES = 1_000
const decisions: readonly unknown[] = ['retry', 'discard'] satisfies readonly ParkingDecision[]

/** Changes that were checked, without the options that were left out. */
export interface CheckedChanges {
  readonly park: readonly NewParkedEvent[]
  readonly unpark: readonly ParkedEventName[]
}

/**
 * @returns undefined where nothing changes
 * @throws InvalidOptionError
 */
export function checkChanges({ park = [], unpark = [] }: ParkingChanges = {}): CheckedChanges | undefined {
  const subject = 'checkpoints.advance'
  for (const event of park) checkNew(subject, event)
  for (const name of unpark) checkParkedName(subject, name)
  const names = [...park, ...unpark]
  if (names.length > MAX_CHANGES) throw new InvalidOptionError(subject, 'changes', `must concern at most ${MAX_CHANGES} events`)
  if (new Set(names.map(keyOfParked)).size < names.length)
    throw new InvalidOptionError(subject, 'changes', 'must concern each event once')
  return names.length === 0 ? undefined : { park, unpark }
}

/** @throws InvalidOptionError */
function checkParkedName(subject: string, { sequence, position, part }: ParkedEventName): void {
  checkSequence(subject, sequence)
  checkPosition(subject, 'position', position)
  checkInteger(subject, 'part', part, 0, MAX_INTEGER)
}

/**
 * The options of a page with its defaults.
 *
 * @throws InvalidOptionError
 */
export function parkedPage(
  subject: string,
  subscription: string,
  { after = 0, limit = 100, sequence, woken = false }: ParkedPage & DueOptions & { readonly sequence?: string } = {},
): { readonly after: number; readonly limit: number; readonly sequence: string | undefined; readonly woken: boolean } {
  checkName(subject, 'subscription', subscription)
  checkPosition(subject, 'after', after)
  checkInteger(subject, 'limit', limit, 1, MAX_PAGE)
  if (sequence !== undefined) checkSequence(subject, sequence)
  if (typeof woken !== 'boolean') throw new InvalidOptionError(subject, 'woken', 'must be true or false')
  return { after, limit, sequence, woken }
}

/** @throws InvalidOptionError */
export function checkDecision(
  subscription: string,
  decision: unknown,
  { sequence, position, part }: Partial<ParkedEventName>,
): void {
  checkName('parked.decide', 'subscription', subscription)
  if (!decisions.includes(decision)) throw new InvalidOptionError('parked.decide', 'decision', "must be 'retry' or 'discard'")
  if (sequence !== undefined) checkSequence('parked.decide', sequence)
  if (position !== undefined) checkPosition('parked.decide', 'position', position)
  if (part !== undefined) checkInteger('parked.decide', 'part', part, 0, MAX_INTEGER)
}

/** @throws InvalidOptionError */
export function checkEdit(subscription: string, name: ParkedEventName, data: string | undefined): void {
  checkName('parked.edit', 'subscription', subscription)
  checkParkedName('parked.edit', name)
  if (data !== undefined && !isJsonObject(data))
    throw new InvalidOptionError('parked.edit', 'data', 'must be JSON text of an object')
}

/** A text for each name, and another for each other name. */
export function keyOfParked({ sequence, position, part }: ParkedEventName): string {
  return `${position} ${part} ${sequence}`
}

function checkNew(subject: string, event: NewParkedEvent): void {
  checkParkedName(subject, event)
  const { type, stream, failure, retryIn } = event
  checkText(subject, 'type', type)
  checkText(subject, 'stream', stream)
  if (retryIn !== undefined) checkMilliseconds(subject, 'retryIn', retryIn)
  if (failure !== undefined && !Array.isArray(failure.attempts))
    throw new InvalidOptionError(subject, 'failure', 'must have a list of attempts')
}

function checkSequence(subject: string, value: unknown): void {
  // Part of a key, which has a longest length in databases.
  const fits = typeof value === 'string' && (value.length <= MAX_BYTES / 3 || Buffer.byteLength(value) <= MAX_BYTES)
  if (!fits) throw new InvalidOptionError(subject, 'sequence', `must be text of at most ${MAX_BYTES} bytes`)
  checkText(subject, 'sequence', value)
}

function checkText(subject: string, option: string, value: unknown): void {
  if (typeof value === 'string' && !value.includes('\u0000') && value.isWellFormed()) return
  throw new InvalidOptionError(subject, option, 'must be text without NUL')
}
