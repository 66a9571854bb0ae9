import { CapabilityMissingError } from '@writ/event-store'

/**
 * What work in a transaction gets here: nothing to write to but memory of its own.
 *
 * A projection that asks for `sql` has been given the wrong store, and is told so at the first use.
 */
export class InMemoryTransaction {
  get sql(): never {
    throw new CapabilityMissingError(
      'memory',
      'SQL',
      'Run this projection on PostgreSQL, or let it keep its read model in an object of its own.',
    )
  }
}
