import { MailAddresses } from './mail-addresses.js'

export class InMemoryMailAddresses extends MailAddresses {
  private readonly addresses = new Map<string, string>()

  async remember(account: string, email: string): Promise<void> {
    this.addresses.set(account, email)
  }

  async find(account: string): Promise<string | undefined> {
    return this.addresses.get(account)
  }
}
