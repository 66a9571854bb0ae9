import { nearestName } from './nearest-name.js'
import { WritError } from './writ-error.js'

/** An option is unknown or has a value that makes no sense. */
export class InvalidOptionError extends WritError<'invalid-option'> {
  constructor(
    /** What takes the option, such as `Aggregates`. */
    readonly subject: string,
    readonly option: string,
    readonly why: string,
  ) {
    super('invalid-option', `The option '${option}' of ${subject} ${why}.`)
  }
}

/** @throws InvalidOptionError for what is no object with options, and for an unknown one, with the nearest known name */
export function refuseUnknownOptions(subject: string, options: object, known: readonly string[]): void {
  refuseNoOptions(subject, options)
  const unknown = Object.keys(options).find((option) => !known.includes(option))
  if (unknown === undefined) return
  const nearest = nearestName(unknown, known)
  const why = `is unknown${nearest ? `; the nearest is '${nearest}'` : ''}. Known are ${known.join(', ')}`
  throw new InvalidOptionError(subject, unknown, why)
}

/** @throws InvalidOptionError for null, a list, a text and whatever else is no object with options */
export function refuseNoOptions(subject: string, options: unknown): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new InvalidOptionError(subject, 'options', 'must be an object with options')
}
