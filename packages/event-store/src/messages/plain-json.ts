import { ValueNotStorableError } from '../errors/value-not-storable-error.js'

export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [key: string]: Json
}

const MAX_DEPTH = 200

/** Whether it has neither NUL, which PostgreSQL can't hold in text, nor half of a surrogate pair, which UTF-8 can't hold. */
function isKeptText(text: string): boolean {
  return !text.includes('\u0000') && text.isWellFormed()
}

/**
 * Returns a frozen copy that JSON keeps exactly as it is.
 *
 * `undefined` properties are dropped, for they mean "absent", and -0 becomes 0.
 *
 * @param name how errors call the value; the path to the culprit is added to it
 * @throws ValueNotStorableError for whatever JSON would silently change or lose: NaN, infinities, bigint, integers beyond 2^53,
 *   dates, maps, class instances, functions, symbols, NUL and lone surrogates in strings and keys, cycles, more than 200 levels
 */
export function toPlainJson(value: unknown, name: string): Json {
  return copy(value, { name, path: [] }, [])
}

/**
 * Whether JSON keeps a record exactly as it is, as far as that can be told at a glance: it holds texts, numbers, booleans and nulls,
 * and nothing that `toPlainJson` would change or refuse.
 */
export function isFlatJson(record: Readonly<Record<string, unknown>>): boolean {
  for (const key in record) {
    const value = record[key]
    const isSound =
      typeof value === 'string'
        ? isKeptText(value)
        : typeof value === 'number'
          ? isKeptNumber(value)
          : typeof value === 'boolean' || value === null
    if (!isSound || key === '__proto__' || !isKeptText(key)) return false
  }
  return true
}

function isKeptNumber(number: number): boolean {
  return Number.isInteger(number) ? Number.isSafeInteger(number) && !Object.is(number, -0) : Number.isFinite(number)
}

interface Place {
  readonly name: string
  readonly path: (string | number)[]
}

function copy(value: unknown, place: Place, above: object[]): Json {
  switch (typeof value) {
    case 'string':
      checkText(value, place)
      return value
    case 'number':
      checkNumber(value, place)
      return value === 0 ? 0 : value
    case 'boolean':
      return value
    case 'object':
      return value === null ? null : copyObject(value, place, above)
    case 'bigint':
      return refuse(place, 'a bigint', 'give its schema a zod codec that writes it as a string')
    case 'undefined':
      return refuse(place, 'undefined', 'use null, or leave it out')
    default:
      return refuse(place, `a ${typeof value}`, 'store data, not behaviour')
  }
}

function copyObject(value: object, place: Place, above: object[]): Json {
  if (above.includes(value)) refuse(place, 'a cycle', 'refer to the other object by its id')
  if (above.length >= MAX_DEPTH) refuse(place, `nested deeper than ${MAX_DEPTH} levels`, 'flatten it')
  above.push(value)
  const copied = Array.isArray(value) ? copyArray(value, place, above) : copyRecord(value, place, above)
  above.pop()
  return Object.freeze(copied)
}

function copyArray(value: readonly unknown[], place: Place, above: object[]): Json[] {
  const copied: Json[] = []
  for (let index = 0; index < value.length; index++) {
    place.path.push(index)
    copied.push(copy(value[index], place, above))
    place.path.pop()
  }
  return copied
}

function copyRecord(value: object, place: Place, above: object[]): JsonObject {
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null && !isForeignPlainObject(value, prototype)) {
    refuse(place, `a ${prototype.constructor?.name ?? 'class'} instance`, 'store plain data, or give its schema a zod codec')
  }
  if (Object.getOwnPropertySymbols(value).length > 0) refuse(place, 'an object with symbol keys', 'use string keys')
  const copied: Record<string, Json> = {}
  for (const key of Object.keys(value)) {
    const property = (value as Record<string, unknown>)[key]
    if (property === undefined) continue
    place.path.push(key)
    if (key === '__proto__') refuse(place, 'a key named __proto__', 'rename it')
    checkText(key, place)
    copied[key] = copy(property, place, above)
    place.path.pop()
  }
  return copied
}

// A plain object of another realm (Jest's, a vm context's) has that realm's Object.prototype: a prototype with nothing above it.
function isForeignPlainObject(value: object, prototype: object): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.prototype.toString.call(value) === '[object Object]'
}

function checkText(text: string, place: Place): void {
  if (isKeptText(text)) return
  if (text.includes('\u0000')) refuse(place, 'text with a NUL character', 'remove the character')
  refuse(place, 'text with half of a surrogate pair', 'cut text between characters, not inside of one')
}

function checkNumber(number: number, place: Place): void {
  if (!Number.isFinite(number)) refuse(place, String(number), 'JSON would store null; use a finite number')
  if (Number.isInteger(number) && !Number.isSafeInteger(number)) {
    refuse(
      place,
      'an integer beyond 2^53',
      'its last digits may be lost already; carry it as a string or bigint with a zod codec',
    )
  }
}

function refuse(place: Place, what: string, remedy: string): never {
  throw new ValueNotStorableError(place.name, place.path, what, remedy)
}
