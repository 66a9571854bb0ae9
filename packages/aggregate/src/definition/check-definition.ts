import { checkStreamName, hasCode, isCommandClass, isEventClass, nearestName, streamName } from '@writ/event-store'
import { InvalidAggregateError } from '../errors/invalid-aggregate-error.js'
import type { AggregateDefinition } from './decider.js'
import { type Lifespans, millisecondsOf } from './lifespan.js'

/**
 * What holds for every aggregate, however it was written down.
 *
 * @throws InvalidAggregateError
 */
export function checkDefinition(definition: AggregateDefinition): void {
  checkCategory(definition)
  checkIdentity(definition)
  checkMap(definition, 'command', definition.commands, definition.decide)
  checkMap(definition, 'event', definition.events, definition.evolve)
  const { snapshots } = definition
  if (snapshots) {
    checkPositive(definition, 'snapshotEvery', snapshots.every)
    checkPositive(definition, 'snapshotVersion', snapshots.version)
  }
  checkLifespan(definition)
  checkStored(definition)
}

function checkStored({ name, stored, snapshots, lifespan }: AggregateDefinition): void {
  if (stored === undefined) return
  for (const operation of ['load', 'read', 'insert', 'update'] as const) {
    if (typeof stored.rows?.[operation] !== 'function')
      throw new InvalidAggregateError(
        name,
        `its storedIn has no function '${operation}'; rowsOf({ table, key }) makes one that has`,
      )
  }
  if (snapshots) throw new InvalidAggregateError(name, 'it has snapshots and storedIn: the row is its snapshot')
  if (lifespan !== undefined)
    throw new InvalidAggregateError(name, 'it has a lifespan and storedIn: its state is read anew for each command')
}

/**
 * Functions by type, as their author has written them down.
 *
 * @throws InvalidAggregateError
 */
export function checkFunctions(category: string, map: 'decide' | 'evolve', functions: unknown): void {
  const isMap = typeof functions === 'object' && functions !== null
  const wrong = isMap ? Object.entries(functions).find(([, one]) => typeof one !== 'function') : [map]
  if (wrong === undefined) return
  throw new InvalidAggregateError(category, isMap ? `${map}['${wrong[0]}'] is no function` : `it has no '${map}' with functions`)
}

/**
 * The state that a value begins with: any, but there must be one, for all that is decided rests on it.
 *
 * @throws InvalidAggregateError
 */
export function checkInitialState(category: string, initialState: unknown): void {
  if (initialState !== undefined) return
  throw new InvalidAggregateError(
    category,
    "it has no 'initialState', the state before any event; null may be one, undefined is none",
  )
}

function checkCategory({ name, category }: AggregateDefinition): void {
  const refuse = (why: string): never => {
    throw new InvalidAggregateError(name, `its category '${String(category)}' ${why}`)
  }
  if (typeof category !== 'string' || category === '') refuse('must be some text')
  if (category.includes('-')) refuse('has a dash, and a category ends at the first dash; use dots or one word')
  if (category.startsWith('$')) refuse("begins with '$', and such names are Writ's own")
  try {
    checkStreamName(streamName(category, 'x'))
  } catch (error) {
    if (!hasCode(error, 'invalid-stream-name')) throw error
    refuse(`can't stand in a stream's name: ${error.message}`)
  }
}

function checkIdentity({ name, identity, commands }: AggregateDefinition): void {
  if (typeof identity !== 'string' || identity === '')
    throw new InvalidAggregateError(name, 'its identity must be the name of a command field')
  for (const command of commands) {
    if (!isCommandClass(command)) throw new InvalidAggregateError(name, 'its commands must be classes made by Command')
    if (Object.hasOwn(command.schema.shape, identity)) continue
    const nearest = nearestName(identity, Object.keys(command.schema.shape))
    throw new InvalidAggregateError(
      name,
      `its command ${command.name} has no field '${identity}', which should say which ${name} is meant${nearest ? `; is '${nearest}' the one` : ''}`,
    )
  }
}

type Messages = readonly { readonly type: string; readonly name: string }[]

function checkMap(
  { name }: AggregateDefinition,
  kind: 'command' | 'event',
  classes: Messages,
  functions: ReadonlyMap<string, unknown>,
): void {
  if (!Array.isArray(classes)) throw new InvalidAggregateError(name, `its ${kind}s must be a list of classes`)
  const isMessageClass = kind === 'command' ? isCommandClass : isEventClass
  const seen = new Map<string, string>()
  for (const messageClass of classes) {
    if (!isMessageClass(messageClass))
      throw new InvalidAggregateError(name, `its ${kind}s must be classes made by ${kind === 'command' ? 'Command' : 'Event'}`)
    const { type } = messageClass
    const other = seen.get(type)
    if (other !== undefined)
      throw new InvalidAggregateError(name, `the ${kind} type '${type}' is named twice, by ${other} and ${messageClass.name}`)
    seen.set(type, messageClass.name)
    if (typeof functions.get(type) !== 'function') {
      throw new InvalidAggregateError(name, `'${type}' has no function in '${kind === 'command' ? 'decide' : 'evolve'}'`)
    }
  }
  for (const type of functions.keys()) {
    if (seen.has(type)) continue
    const nearest = nearestName(type, seen.keys())
    throw new InvalidAggregateError(
      name,
      `'${type}' has a function, but is none of its ${kind}s${nearest ? `; the nearest is '${nearest}'` : ''}`,
    )
  }
}

const lifespans: Record<keyof Lifespans, true> = { afterEvent: true, afterCommand: true, afterError: true }

function checkLifespan({ name, lifespan }: AggregateDefinition): void {
  if (lifespan === undefined || millisecondsOf(lifespan) !== undefined) return
  if (typeof lifespan !== 'object' || lifespan === null)
    throw new InvalidAggregateError(name, "its lifespan must be milliseconds from 0, 'forever', 'stop', or functions that say so")
  for (const [option, value] of Object.entries(lifespan)) {
    if (!Object.hasOwn(lifespans, option)) {
      const nearest = nearestName(option, Object.keys(lifespans))
      throw new InvalidAggregateError(name, `its lifespan knows no '${option}'${nearest ? `; the nearest is '${nearest}'` : ''}`)
    }
    if (typeof value !== 'function') throw new InvalidAggregateError(name, `its lifespan's '${option}' must be a function`)
  }
}

function checkPositive({ name }: AggregateDefinition, option: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidAggregateError(name, `${option} must be a positive integer`)
}
