import { UndecodableEventError } from '../errors/event-type-errors.js'
import { lookedAt } from '../errors/thrown.js'
import { upcasterName } from '../errors/upcaster-errors.js'
import { hasCode } from '../errors/writ-error.js'
import type { AnyEvent, AnyEventClass } from '../messages/message.js'
import { type Json, type JsonObject, toPlainJson } from '../messages/plain-json.js'
import { type EventMetadata, metadataOf } from '../store/metadata.js'
import type { StoredEvent } from '../store/stored-event.js'
import type { EventShape, StoredFacts, Upcaster } from './upcaster.js'
import type { UpcasterChains } from './upcaster-chains.js'

/**
 * Takes a stored event along its chain, step by step, to the events that it is today, in their order.
 *
 * @throws UndecodableEventError that names the step which failed
 */
export function upcastEvent(
  stored: StoredEvent,
  first: Upcaster,
  chains: UpcasterChains,
  classes: ReadonlyMap<string, AnyEventClass>,
): readonly AnyEvent[] {
  const facts = factsOf(stored)
  const events: AnyEvent[] = []
  const follow = (step: Upcaster, data: JsonObject) => {
    for (const { shape, data: next } of taken(step, data, facts, stored)) {
      const further = chains.from(shape)
      if (further) follow(further, next)
      else events.push(restored(classes.get(shape.type)!, next, step, stored))
    }
  }
  const data = parsedData(stored)
  if (!isJsonObject(data)) throw new UndecodableEventError(stored, 'its data is no JSON object', { step: first })
  follow(first, data)
  return events
}

/** @throws UndecodableEventError */
export function parsedData(stored: StoredEvent): Json {
  try {
    return JSON.parse(stored.data)
  } catch (cause) {
    throw new UndecodableEventError(stored, 'its data is not JSON', { cause })
  }
}

interface Part {
  readonly shape: EventShape
  readonly data: JsonObject
}

function taken(step: Upcaster, data: JsonObject, facts: StoredFacts, stored: StoredEvent): readonly Part[] {
  const failed = (what: string, cause?: unknown): never => {
    // The facts' own trouble, met inside of an upcaster.
    if (hasCode(cause, 'undecodable-event')) throw cause
    throw new UndecodableEventError(stored, `${upcasterName(step)} ${what}`, { step, cause })
  }
  let answer: unknown
  try {
    answer = step.upcast(data, facts)
  } catch (cause) {
    return failed('threw an error', cause)
  }
  const promises = [answer].flat().filter(isPromise)
  if (promises.length > 0) {
    // Nobody waits for them: that one fails must not end the process.
    void Promise.allSettled(promises)
    return failed('gave a promise, where it has to answer at once')
  }
  let given: Json
  try {
    // First of all, and all of it: from here on nothing that is looked at can throw or change.
    given = toPlainJson(answer ?? null, 'What it gave')
  } catch (cause) {
    return failed('gave data that JSON would change or lose; a date has to be the text that its codec reads', cause)
  }
  if (step.gives === 'data') {
    return isJsonObject(given) ? [{ shape: step.to[0]!, data: given }] : failed('gave no object as its data')
  }
  if (!Array.isArray(given)) return failed('gave no list of { [type]: data }')
  return given.map((part: Json) => {
    const [[type, inside] = [], ...others] = Object.entries(part ?? {})
    if (type === undefined || others.length > 0) return failed('gave a part that is not one { [type]: data }')
    const shape = step.to.find((target) => target.type === type)
    if (!shape) return failed(`gave a part of type '${type}', which its 'to' does not declare`)
    return isJsonObject(inside) ? { shape, data: inside } : failed(`gave a part of type '${type}' with no object as its data`)
  })
}

function isPromise(value: unknown): boolean {
  return lookedAt(() => typeof (value as { readonly then?: unknown } | null | undefined)?.then) === 'function'
}

function restored(eventClass: AnyEventClass, data: JsonObject, step: Upcaster, stored: StoredEvent): AnyEvent {
  try {
    return eventClass.restore(data)
  } catch (cause) {
    throw new UndecodableEventError(stored, `what ${upcasterName(step)} gave can't be read by ${eventClass.name}`, {
      step,
      cause,
    })
  }
}

function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * What an event is today must not depend on who reads it: its place is the one where it was written, also where it is read by a link. What
 * an upcaster could change is its own copy, and metadata is parsed for who asks for it.
 */
function factsOf(stored: StoredEvent): StoredFacts {
  const { id, type, schemaVersion, tags, createdAt, origin } = stored
  const { stream, version, position } = origin ?? stored
  let metadata: EventMetadata | undefined
  return {
    id,
    type,
    schemaVersion,
    stream,
    version,
    position,
    tags: Object.freeze([...tags]),
    get createdAt() {
      return new Date(createdAt)
    },
    get metadata() {
      metadata ??= metadataOf(stored)
      return metadata
    },
  }
}
