import { WritError } from './writ-error.js'

/** An append, or a name in it, is malformed. Nothing was written. */
export class InvalidAppendError extends WritError<'invalid-append'> {
  constructor(
    readonly stream: string,
    readonly why: string,
  ) {
    super('invalid-append', `The append to '${abbreviated(stream)}' is malformed: ${why}.`)
  }
}

/** A stream name that no store takes. */
export class InvalidStreamNameError extends WritError<'invalid-stream-name'> {
  constructor(
    readonly stream: string,
    readonly why: string,
  ) {
    super('invalid-stream-name', `'${abbreviated(stream)}' is no stream name: ${why}.`)
  }
}

function abbreviated(name: string): string {
  const text = JSON.stringify(String(name)).slice(1, -1)
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}
