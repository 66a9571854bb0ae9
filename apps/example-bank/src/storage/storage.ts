import type { EventStore } from '@writ/event-store'
import type { Container, Newable } from 'inversify'
import type { Credentials } from '../credentials/credentials.js'
import type { MailAddresses } from '../mail/mail-addresses.js'
import type { Mailbox } from '../mail/mailbox.js'

/** Everything that the bank keeps, in one place: the events, and what lies beside them. */
export interface Storage {
  /** For people, without secrets. */
  readonly description: string
  readonly store: EventStore
  readonly credentials: Credentials
  readonly mailbox: Mailbox
  readonly mailAddresses: MailAddresses
  /** They keep the read models. */
  readonly projections: readonly Newable<object>[]
  readonly keys: Keys
  /** Binds what reads the read models of this storage. */
  bindReadModels(container: Container): void
  /** Frees everything; the store has been stopped before. */
  close(): Promise<void>
}

/** Drawn once, and kept, so that all processes of the bank share them over restarts. */
export interface Keys {
  /** Signs the tokens of sessions. */
  readonly tokens: Uint8Array
  /** Keys the fingerprints of requests. */
  readonly fingerprints: Uint8Array
}
