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

/** @throws InvalidOptionError that gives the nearest known name */
export function refuseUnknownOptions(subject: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((option) => !known.includes(option))
  if (unknown === undefined) return
  const nearest = nearestName(unknown, known)
  const why = `is unknown${nearest ? `; the nearest is '${nearest}'` : ''}. Known are ${known.join(', ')}`
  throw new InvalidOptionError(subject, unknown, why)
}
