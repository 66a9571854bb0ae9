import { WritError } from '@writ/event-store'

/** An in-memory store was asked for in a way that can only be a mistake. */
export class InMemoryStoreRefusedError extends WritError<'in-memory-store-refused'> {
  constructor(why: string, remedy: string) {
    super('in-memory-store-refused', `The in-memory store was refused: ${why}. ${remedy}`)
  }
}
