import type { z } from 'zod'
import { InvalidUpcasterError } from '../errors/upcaster-errors.js'
import { isAsync } from '../messages/asynchronous.js'
import type { JsonObject } from '../messages/plain-json.js'
import type { RecordedEvent } from '../store/recorded-event.js'

/** One shape that events have or had: an event class is its own of today. */
export interface EventShape {
  readonly type: string
  readonly schemaVersion: number
}

/**
 * What an upcaster may look at besides the data: all that is known of the stored event, with its type and version as stored, and its place
 * where it was written, also when it is read by a link.
 */
export type StoredFacts = Omit<RecordedEvent, 'data' | 'part' | 'origin'>

/** An old event's shape → the next one's; made by {@link upcaster}. */
export interface Upcaster {
  readonly from: EventShape
  /** What it may lead to; empty where such events are dropped. */
  readonly to: readonly EventShape[]
  /** Whether it gives the one target's data, or a list of `{ [type]: data }`. */
  readonly gives: 'data' | 'list'
  readonly upcast: (data: JsonObject, stored: StoredFacts) => unknown
  /** How errors call the place it was listed in, such as `module 'bank'`. */
  readonly source?: string
}

/** Data as JSON, in the shape of a target: of a class, what its schema stores; of an older shape, any object. */
export type DataOf<Shape> = Shape extends { readonly schema: infer Schema extends z.ZodObject } ? z.input<Schema> : object

/** One of the events that an event became, by its type: `{ 'money-deposited': { … } }`. */
export type PartOf<Shape> = Shape extends { readonly type: infer Type extends string }
  ? { readonly [Key in Type]: DataOf<Shape> }
  : never

/** What `upcast` gives: data for the one target; a list of parts, in their order, where `to` is a list. */
export type Upcasted<To> = To extends readonly (infer Shape)[] ? readonly PartOf<Shape>[] : DataOf<To>

const nothing = (): readonly never[] => []

/**
 * Says what an event of an older shape is today, or one step nearer to today. Stored events stay as they are: it runs when they are read.
 *
 * @param definition.from the shape that it takes: a type, and a schema version of it
 * @param definition.to where it leads, declared, so that all chains are checked before anything runs: the next schema version of the same
 *   type, or another type; a list for one event that becomes several, `[]` for one that is dropped. A class stands for its shape of today.
 * @param definition.upcast a pure function: the data as plain JSON, and what else is known of the stored event, → data as the target stores
 *   it (a date as the text that its codec reads); with a list, `{ [type]: data }` for each event, in their order
 * @throws InvalidUpcasterError
 * @example upcaster({
 *   from: { type: 'money-deposited', schemaVersion: 1 },
 *   to: MoneyDeposited,
 *   upcast: ({ amount, ...data }: { account: string; amount: number }) => ({ ...data, cents: amount * 100 }),
 * })
 */
export function upcaster(definition: { readonly from: EventShape; readonly to: readonly []; readonly upcast?: never }): Upcaster
export function upcaster<const To extends EventShape | readonly [EventShape, ...EventShape[]], Old = JsonObject>(definition: {
  readonly from: EventShape
  readonly to: To
  readonly upcast: (data: Old, stored: StoredFacts) => Upcasted<To>
}): Upcaster
export function upcaster(definition: {
  readonly from: EventShape
  readonly to: EventShape | readonly EventShape[]
  readonly upcast?: unknown
}): Upcaster {
  const { from, to } = definition
  const targets = Array.isArray(to) ? (to as readonly EventShape[]) : [to as EventShape]
  const upcast = targets.length === 0 ? (definition.upcast ?? nothing) : definition.upcast
  const why = whyMalformed(from, targets, upcast)
  if (why) throw new InvalidUpcasterError(shown(from), why)
  return Object.freeze({ from, to: targets, gives: Array.isArray(to) ? 'list' : 'data', upcast }) as Upcaster
}

/** Why it can't be, as a sentence; undefined when it can. */
function whyMalformed(from: unknown, to: readonly unknown[], upcast: unknown): string | undefined {
  if (!isShape(from))
    return "its 'from' must be a type and a schema version from 1: { type: 'money-deposited', schemaVersion: 1 }"
  if (isReserved(from.type)) return `'${from.type}' is Writ's own: names that begin with '$' are`
  const types = new Set<string>()
  for (const target of to) {
    if (target === undefined) return "its 'to' is undefined, as in a circular import"
    if (!isShape(target)) return "its 'to' must be an event class, or { type, schemaVersion }, or a list of these"
    const { type, schemaVersion } = target
    if (types.has(type)) return `its 'to' names '${type}' twice, so that nobody could tell which of them is given`
    types.add(type)
    const next = from.schemaVersion + 1
    if (type === from.type && schemaVersion !== next) {
      return `it leads to version ${schemaVersion} of its own type, and a step leads to the next version: name { type: '${type}', schemaVersion: ${next} }`
    }
  }
  if (typeof upcast !== 'function') return "its 'upcast' must be a function: the data, and what is known of the event → data"
  if (isAsync(upcast))
    return "its 'upcast' is asynchronous, and events are read without waiting: what it needs has to be in the event"
  return undefined
}

const isReserved = (type: string): boolean => type.startsWith('$')

export function isUpcaster(value: unknown): value is Upcaster {
  const { from, to, upcast } = (value ?? {}) as Partial<Upcaster>
  return isShape(from) && Array.isArray(to) && typeof upcast === 'function'
}

function isShape(value: unknown): value is EventShape {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  const { type, schemaVersion } = value as Partial<EventShape>
  return typeof type === 'string' && type !== '' && Number.isSafeInteger(schemaVersion) && schemaVersion! >= 1
}

function shown(from: unknown): string {
  const { type, schemaVersion } = (from ?? {}) as Partial<EventShape>
  return `'${String(type)}' version ${String(schemaVersion)}`
}
