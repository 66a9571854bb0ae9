import { WritError } from '@writ/event-store'

/** A boundary that can't work as it is written. */
export class InvalidBoundaryError extends WritError<'invalid-boundary'> {
  constructor(readonly why: string) {
    super('invalid-boundary', `A boundary can't be used: ${why}.`)
  }
}
