/** Where people reach the bank from outside: links in mails begin with it. */
export class PublicAddress {
  constructor(private readonly base: string) {}

  link(path: string, query: Readonly<Record<string, string>>): string {
    return `${this.base.replace(/\/+$/, '')}${path}?${new URLSearchParams(query)}`
  }

  /** Whether a link leads to the bank, and not to where somebody who chose a name for himself wants it to lead. */
  isOwn(link: string): boolean {
    return link.startsWith(`${this.base.replace(/\/+$/, '')}/`)
  }
}
