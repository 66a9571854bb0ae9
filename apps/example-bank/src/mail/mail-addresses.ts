/**
 * Where each account's mails go: what the mails' own handler remembers, so that it depends on nobody else's read model, which may be
 * behind it.
 */
export abstract class MailAddresses {
  abstract remember(account: string, email: string): Promise<void>
  abstract find(account: string): Promise<string | undefined>
}
