import { Credentials } from './credentials.js'

export class InMemoryCredentials extends Credentials {
  private readonly hashes = new Map<string, string>()

  async add(account: string, passwordHash: string): Promise<boolean> {
    if (this.hashes.has(account)) return false
    this.hashes.set(account, passwordHash)
    return true
  }

  async find(account: string): Promise<string | undefined> {
    return this.hashes.get(account)
  }
}
