/** Where people reach the bank from outside: links in mails begin with it. */
export class PublicAddress {
  constructor(private readonly base: string) {}

  link(path: string, query: Readonly<Record<string, string>>): string {
    return `${this.base.replace(/\/+$/, '')}${path}?${new URLSearchParams(query)}`
  }
}
