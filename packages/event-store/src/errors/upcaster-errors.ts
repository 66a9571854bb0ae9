import type { EventShape, Upcaster } from '../upcasting/upcaster.js'
import { nearestName } from './nearest-name.js'
import { WritError } from './writ-error.js'

/** `'money-deposited' version 1` */
function shapeName({ type, schemaVersion }: EventShape): string {
  return `'${type}' version ${schemaVersion}`
}

/** `the upcaster from 'money-deposited' version 1 to 'money-deposited' version 2 (module 'bank')` */
export function upcasterName({ from, to, source }: Upcaster): string {
  const targets = to.length === 0 ? 'nothing' : to.map(shapeName).join(' and ')
  return `the upcaster from ${shapeName(from)} to ${targets}${source === undefined ? '' : ` (${source})`}`
}

const sentence = (text: string): string => `${text[0]!.toUpperCase()}${text.slice(1)}`

/** An upcaster is itself wrongly written down. */
export class InvalidUpcasterError extends WritError<'invalid-upcaster'> {
  constructor(
    /** The shape that it is for, as far as that can be told. */
    readonly from: string,
    why: string,
  ) {
    super('invalid-upcaster', `The upcaster from ${from} can't be: ${why}.`)
  }
}

/** Two upcasters take events of one shape. */
export class DuplicateUpcasterError extends WritError<'duplicate-upcaster'> {
  readonly type: string
  readonly schemaVersion: number

  constructor(readonly upcasters: readonly [Upcaster, Upcaster]) {
    const { from } = upcasters[0]
    super(
      'duplicate-upcaster',
      `Events of ${shapeName(from)} have two ways to go: ${upcasters.map(upcasterName).join(', and ')}. Keep one of them; one that gives several events has a list as its 'to'.`,
    )
    this.type = from.type
    this.schemaVersion = from.schemaVersion
  }
}

/** An upcaster takes events of a shape that is not past. */
export class UpcasterFromTodayError extends WritError<'upcaster-from-today'> {
  readonly type: string
  readonly schemaVersion: number

  constructor(
    readonly upcaster: Upcaster,
    /** The class that claims the type, and its schema version. */
    readonly className: string,
    readonly classVersion: number,
  ) {
    const { from } = upcaster
    super(
      'upcaster-from-today',
      `${sentence(upcasterName(upcaster))} is for events that are not old: ${className} has schema version ${classVersion}. ` +
        `Give the class schema version ${from.schemaVersion + 1}, or take it out of the application where its type is gone.`,
    )
    this.type = from.type
    this.schemaVersion = from.schemaVersion
  }
}

/** Events of an older schema version may be in the log, and nothing says what they are today. */
export class UpcasterGapError extends WritError<'upcaster-gap'> {
  constructor(
    readonly type: string,
    /** The versions from which nothing leads on. */
    readonly missing: readonly number[],
    /** Today's version of the class, or the newest one that an upcaster takes, and how it is known. */
    readonly newest: number,
    known: string,
  ) {
    super(
      'upcaster-gap',
      `Nothing leads on from '${type}' version ${missing.join(' and ')}, while ${known}: stored events of that shape could not be read. ` +
        `Add an upcaster from { type: '${type}', schemaVersion: ${missing[0]} }; where such events mean nothing any more, with \`to: []\`.`,
    )
  }
}

/** Upcasters lead in a circle: an event in it would never become one of today. */
export class UpcasterLoopError extends WritError<'upcaster-loop'> {
  constructor(
    /** The shapes around it, the first one again at the end. */
    readonly loop: readonly EventShape[],
  ) {
    super(
      'upcaster-loop',
      `Upcasters lead in a circle: ${loop.map(shapeName).join(' → ')}. Upcasters lead from older shapes to newer ones; take one of these out.`,
    )
  }
}

/** An upcaster leads to a shape from where nothing leads on, and that no class has. */
export class UnknownUpcasterTargetError extends WritError<'unknown-upcaster-target'> {
  readonly type: string
  readonly schemaVersion: number

  constructor(
    readonly upcaster: Upcaster,
    target: EventShape,
    /** Today's version of the type, where a class has it. */
    classVersion: number | undefined,
    known: Iterable<string>,
  ) {
    const nearest = classVersion === undefined ? nearestName(target.type, known) : undefined
    super(
      'unknown-upcaster-target',
      `${sentence(upcasterName(upcaster))} leads to ${shapeName(target)}, which no class has and no other upcaster takes` +
        `${classVersion === undefined ? '' : `: the class of that type is at version ${classVersion}`}` +
        `${nearest ? `; the nearest known type is '${nearest}'` : ''}. Correct its 'to', register the class, or add the upcaster that leads on.`,
    )
    this.type = target.type
    this.schemaVersion = target.schemaVersion
  }
}

/** An upcaster to another type names a class that has moved on: it can't be told which of its shapes is meant. */
export class AmbiguousUpcasterTargetError extends WritError<'ambiguous-upcaster-target'> {
  readonly type: string
  readonly schemaVersion: number

  constructor(
    readonly upcaster: Upcaster,
    target: EventShape,
  ) {
    const { type, schemaVersion } = target
    super(
      'ambiguous-upcaster-target',
      `${sentence(upcasterName(upcaster))} names a class as its target, which stood for version 1 once and has schema version ${schemaVersion} now. ` +
        `Say which shape it gives: { type: '${type}', schemaVersion: 1 }, or ${schemaVersion}.`,
    )
    this.type = type
    this.schemaVersion = schemaVersion
  }
}
