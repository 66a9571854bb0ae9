import { WritError } from '@writ/event-store'

/**
 * More wants to be hashed than the bank gets done in time. A failure and no refusal: nothing is remembered, so the same request can come again.
 */
export class TooManyPasswords extends WritError<'too-many-passwords'> {
  constructor(readonly waiting: number) {
    super('too-many-passwords', `${waiting} passwords wait to be hashed. Nothing was done; ask again in a moment.`)
  }
}
