import { WritError } from './writ-error.js'

/** A value that JSON would silently change or lose. Nothing was written. */
export class ValueNotStorableError extends WritError<'value-not-storable'> {
  /** Where in the value it lies, such as `lines[2].price`; empty for the value itself. */
  readonly path: string

  constructor(
    readonly value: string,
    path: readonly (string | number)[],
    readonly what: string,
    readonly remedy: string,
  ) {
    const place = formatPath(path)
    super('value-not-storable', `${value} can't be stored: ${place || 'it'} is ${what}. To mend it: ${remedy}.`)
    this.path = place
  }
}

/** `['lines', 2, 'price']` → `lines[2].price` */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`
    return text === '' ? String(step) : `${text}.${String(step)}`
  }, '')
}
