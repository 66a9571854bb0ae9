/**
 * Password hashes, outside the events: an event is kept for ever, a password must be forgettable.
 */
export abstract class Credentials {
  /** @returns false, and changes nothing, where the account has a hash already */
  abstract add(account: string, passwordHash: string): Promise<boolean>
  abstract find(account: string): Promise<string | undefined>
}
