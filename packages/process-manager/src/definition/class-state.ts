import { type Json, type JsonObject, toPlainJson, ValueNotStorableError } from '@writ/event-store'
import { InvalidProcessManagerError } from '../errors/definition-errors.js'

type Fields = Record<string, unknown>

/**
 * The state of a decorated class: those of its fields that hold plain data.
 *
 * The class is made once, with what is injected. Each handler runs on an object of its own above that one: there the data fields are the
 * instance's, and everything else is found below. What a handler has changed is the state; fields that are as they were at first
 * are not, so injected configuration stays as it is configured.
 */
export class ClassState {
  private readonly initial: Readonly<Record<string, Json>>
  private readonly initialTexts: ReadonlyMap<string, string>

  /** @throws InvalidProcessManagerError for a class whose fields can't be told apart from its state */
  constructor(
    private readonly shared: object,
    private readonly name: string,
  ) {
    const source = `class ${name}`
    refusePrivateFields(shared, source)
    this.initial = plainFields(shared, source)
    this.initialTexts = new Map(Object.entries(this.initial).map(([field, value]) => [field, JSON.stringify(value)]))
  }

  /** What a handler runs on. */
  instance(state: Json | undefined): object {
    const instance = Object.create(this.shared) as Fields
    const fields = { ...this.initial, ...(state as JsonObject | undefined) }
    for (const field of Object.keys(fields)) {
      // Defined, for a frozen or read-only field of the shared object must not keep the instance from having its own.
      const value = copyOf(fields[field]!)
      Object.defineProperty(instance, field, { value, writable: true, enumerable: true, configurable: true })
    }
    return instance
  }

  /** @throws ValueNotStorableError for what JSON would change or lose */
  stateOf(instance: object): Json | undefined {
    const fields = toPlainJson({ ...instance }, `The state of ${this.name}`) as JsonObject
    const changed: Record<string, Json> = {}
    for (const field of Object.keys(fields)) {
      if (JSON.stringify(fields[field]) !== this.initialTexts.get(field)) changed[field] = fields[field]!
    }
    for (const field of this.initialTexts.keys()) {
      if (Object.hasOwn(fields, field)) continue
      // Read again, it would have its first value.
      throw new ValueNotStorableError(`The state of ${this.name}`, [field], 'undefined', 'use null')
    }
    return Object.keys(changed).length === 0 ? undefined : Object.freeze(changed)
  }
}

function plainFields(shared: object, source: string): Readonly<Record<string, Json>> {
  const plain: Record<string, Json> = {}
  for (const [field, value] of Object.entries(shared)) {
    if (value instanceof Map || value instanceof Set || value instanceof Date) {
      throw new InvalidProcessManagerError(
        source,
        `its field '${field}' is a ${value.constructor.name}, which JSON can't keep; use a list, a plain object or a text`,
      )
    }
    const kept = value === undefined ? undefined : plainOrShared(value)
    if (kept !== undefined) plain[field] = kept
  }
  return plain
}

/** What is no plain data is a service, and all instances share it. */
function plainOrShared(value: unknown): Json | undefined {
  try {
    return toPlainJson(value, '')
  } catch {
    return undefined
  }
}

function copyOf(value: Json): Json {
  return typeof value === 'object' && value !== null ? structuredClone(value) : value
}

// `this.#x`, or what compilers for older targets make of it: it would be looked for in the object above, which has none.
const privateAccess = /\bthis\.#[\p{ID_Start}$_]|__classPrivate(Field|Method)|_class_private_(field|method)/u

function refusePrivateFields(shared: object, source: string): void {
  for (let link = Object.getPrototypeOf(shared); link !== null && link !== Object.prototype; link = Object.getPrototypeOf(link)) {
    const linkClass = (link as object).constructor
    if (!privateAccess.test(Function.prototype.toString.call(linkClass))) continue
    throw new InvalidProcessManagerError(
      source,
      `${linkClass.name} has #private members, which its instances can't reach; use TypeScript's private instead`,
    )
  }
}
