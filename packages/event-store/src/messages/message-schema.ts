import { z } from 'zod'
import { InvalidMessageDefinitionError, InvalidMessageError, type MessageIssue } from '../errors/invalid-message-error.js'
import { refuseOldNode } from '../errors/unsupported-node-error.js'
import { formatPath } from '../errors/value-not-storable-error.js'
import { isAsync } from './asynchronous.js'
import { withFrozenValues } from './frozen-instance.js'
import { isFlatJson, type JsonObject, toPlainJson } from './plain-json.js'

type Kind = 'event' | 'command'

/** How one message class turns data into what an instance holds and what is stored. */
export interface MessageSchema {
  /** Validates, refuses unknown keys, and returns the values that an instance holds: a record of its own, frozen but for itself. */
  validate(data: unknown): Readonly<Record<string, unknown>>
  /** An instance → the JSON that is stored. */
  encode(instance: object): JsonObject
  /** Stored JSON → the values that an instance holds. */
  decode(stored: JsonObject): Readonly<Record<string, unknown>>
}

export function messageSchema(kind: Kind, type: string, schema: z.ZodObject): MessageSchema {
  refuseOldNode()
  checkDefinition(type, schema)
  return hasCodecs(schema) ? withCodecs(kind, type, schema) : withoutCodecs(kind, type, schema)
}

// The usual case: what an instance holds is what is stored, so reading and writing need no zod.
function withoutCodecs(kind: Kind, type: string, schema: z.ZodObject): MessageSchema {
  return {
    validate(data) {
      const parsed = run(kind, type, data, () => schema.safeParse(data))
      if (!parsed.success) throw new InvalidMessageError(kind, type, issuesOf(parsed.error))
      // First, for it finds cycles, in which the search for unknown keys would never end. What zod gives is an object of its own.
      const plain = isFlatJson(parsed.data) ? parsed.data : (toPlainJson(parsed.data, `The ${kind} '${type}'`) as JsonObject)
      refuseUnknownKeys(kind, type, data, parsed.data)
      return plain
    },
    // Copied where a toJSON() of the class would have a say in what is stored.
    encode: (instance) => ('toJSON' in instance ? { ...instance } : instance) as JsonObject,
    decode(stored) {
      if (typeof stored !== 'object' || stored === null || Array.isArray(stored)) throw notAnObject(kind, type)
      return stored
    },
  }
}

function withCodecs(kind: Kind, type: string, schema: z.ZodObject): MessageSchema {
  const decode = (stored: JsonObject) => {
    const decoded = run(kind, type, stored, () => z.safeDecode(schema, stored as z.input<typeof schema>))
    if (!decoded.success) throw new InvalidMessageError(kind, type, issuesOf(decoded.error))
    return decoded.data
  }
  const encode = (data: object) => {
    const encoded = run(kind, type, data, () => z.safeEncode(schema, data as z.output<typeof schema>))
    if (!encoded.success) throw new InvalidMessageError(kind, type, issuesOf(encoded.error))
    return toPlainJson(encoded.data, `The ${kind} '${type}'`) as JsonObject
  }
  return {
    validate(data) {
      if (typeof data !== 'object' || data === null) throw notAnObject(kind, type)
      // There and back again: the instance holds what a later reader will get. A codec may rename keys, so only what has come back
      // can be compared with what was given.
      const decoded = decode(encode(data))
      refuseUnknownKeys(kind, type, data, decoded)
      return withFrozenValues(decoded)
    },
    encode: (instance) => encode({ ...instance }),
    decode,
  }
}

/**
 * zod throws where it can't give a verdict: for cycles and depths that exhaust the stack, for asynchronous refinements, and whatever a
 * codec or a refinement throws.
 */
function run<T>(kind: Kind, type: string, data: unknown, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (error instanceof z.core.$ZodAsyncError) {
      throw new InvalidMessageDefinitionError(type, 'its schema has an asynchronous refinement; check that in a command handler')
    }
    // It knows the path to the cycle, or to where it is too deep.
    if (error instanceof RangeError) toPlainJson(data, `The ${kind} '${type}'`)
    throw new InvalidMessageError(
      kind,
      type,
      [{ path: '', message: 'an error was thrown while it was checked, see its cause' }],
      {
        cause: error,
      },
    )
  }
}

function notAnObject(kind: Kind, type: string): InvalidMessageError {
  return new InvalidMessageError(kind, type, [{ path: '', message: 'expected an object' }])
}

function issuesOf(error: z.core.$ZodError): MessageIssue[] {
  return error.issues.map((issue) => ({ path: formatPath(issue.path), message: issue.message }))
}

// zod drops unknown keys without a word, and `.strict()` is not deep: whatever zod dropped was unknown.
function refuseUnknownKeys(kind: Kind, type: string, data: unknown, parsed: object): void {
  if (isFlatAndKnown(data, parsed)) return
  const unknown: MessageIssue[] = []
  collectUnknownKeys(data, parsed, [], unknown)
  if (unknown.length > 0) throw new InvalidMessageError(kind, type, unknown)
}

/** Whether one glance tells that nothing is unknown: nothing is nested, and each key has come through. */
function isFlatAndKnown(data: unknown, parsed: object): boolean {
  for (const key in data as object) {
    const value = (data as Readonly<Record<string, unknown>>)[key]
    if (typeof value === 'object' || !Object.hasOwn(parsed, key)) return false
  }
  return true
}

function collectUnknownKeys(data: unknown, parsed: unknown, path: (string | number)[], unknown: MessageIssue[]): void {
  if (data === parsed || typeof data !== 'object' || typeof parsed !== 'object' || data === null || parsed === null) return
  if (Array.isArray(data)) {
    if (!Array.isArray(parsed)) return
    for (const [index, element] of data.entries()) collectUnknownKeys(element, parsed[index], [...path, index], unknown)
    return
  }
  for (const key of Object.keys(data)) {
    const value = (data as Record<string, unknown>)[key]
    if (value === undefined) continue
    if (!Object.hasOwn(parsed, key)) unknown.push({ path: formatPath([...path, key]), message: 'unknown key' })
    else if (typeof value === 'object') {
      collectUnknownKeys(value, (parsed as Record<string, unknown>)[key], [...path, key], unknown)
    }
  }
}

const namePattern = /^[a-z0-9]+([-.][a-z0-9]+)*$/
const reservedKeys = ['constructor', '__proto__', 'toString', 'valueOf']

function checkDefinition(type: string, schema: z.ZodObject): void {
  if (typeof type !== 'string' || !namePattern.test(type) || type.length > 200) {
    throw new InvalidMessageDefinitionError(
      type,
      'a type name is lower case words joined by dashes or dots, such as money-deposited',
    )
  }
  if (schema?._zod?.def?.type !== 'object') {
    throw new InvalidMessageDefinitionError(type, 'its schema must be a z.object({ … })')
  }
  const reserved = Object.keys(schema.shape).find((key) => reservedKeys.includes(key))
  if (reserved) throw new InvalidMessageDefinitionError(type, `a field can't be named '${reserved}'`)
  if (hasOneWayTransform(schema)) {
    throw new InvalidMessageDefinitionError(
      type,
      'its schema has a transform, which can not be undone; use z.codec, which goes both ways',
    )
  }
  if (hasAsyncCodec(schema)) throw new InvalidMessageDefinitionError(type, 'its schema has a codec that is asynchronous')
}

/** @throws InvalidMessageDefinitionError for a result that no receipt could keep and give back */
export function checkResultSchema(type: string, schema: z.ZodType): void {
  if (!schema?._zod?.def) throw new InvalidMessageDefinitionError(type, 'its result must be a zod schema')
  if (hasOneWayTransform(schema)) {
    throw new InvalidMessageDefinitionError(
      type,
      'the schema of its result has a transform, which can not be undone; use z.codec, which goes both ways',
    )
  }
  if (hasAsyncCodec(schema))
    throw new InvalidMessageDefinitionError(type, 'the schema of its result has a codec that is asynchronous')
}

function hasOneWayTransform(schema: z.ZodType): boolean {
  for (const def of definitionsIn(schema)) {
    if (def.type === 'transform' || (def.type === 'pipe' && 'transform' in def && !('reverseTransform' in def))) return true
  }
  return false
}

function hasAsyncCodec(schema: z.ZodType): boolean {
  for (const { type, transform, reverseTransform } of definitionsIn(schema)) {
    if (type === 'pipe' && (isAsync(transform) || isAsync(reverseTransform))) return true
  }
  return false
}

function hasCodecs(schema: z.ZodObject): boolean {
  for (const def of definitionsIn(schema)) if (def.type === 'pipe') return true
  return false
}

type Definition = { readonly type: string } & Readonly<Record<string, unknown>>

/** The definitions of a schema and of all schemas inside of it, each once. */
function* definitionsIn(schema: unknown, seen = new Set<unknown>()): Generator<Definition> {
  if (typeof schema !== 'object' || schema === null || seen.has(schema)) return
  seen.add(schema)
  const def = (schema as { _zod?: { def?: Definition } })._zod?.def
  if (def) {
    yield def
    if (def.type === 'lazy') yield* definitionsIn((def.getter as () => unknown)(), seen)
    yield* definitionsIn(Object.values(def), seen)
  } else if (Array.isArray(schema) || Object.getPrototypeOf(schema) === Object.prototype) {
    for (const inner of Object.values(schema)) yield* definitionsIn(inner, seen)
  }
}
