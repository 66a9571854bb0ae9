import { connect } from 'node:net'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly type: string
  // biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of a body by comparing it
  readonly body: any
}

interface RequestOptions {
  readonly body?: unknown
  readonly key?: string | undefined
  readonly token?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
}

export interface Customer {
  readonly account: string
  readonly email: string
  readonly password: string
  readonly token: string
}

/** Where mails arrive: an SMTP server, or the bank's own mailbox. */
export interface Inbox {
  /** Waits until a mail to this address has come whose subject holds this text. */
  mailTo(address: string, subject: string): Promise<{ readonly text: string; readonly messageId?: string }>
}

let customers = 0

/** What asks for an account of this e-mail. */
export const opening = (email: string) => ({ email, password: 'correct horse', owner: 'Owner One' })

export const withStatus = (answers: readonly Answer[], status: number): Answer[] =>
  answers.filter((answer) => answer.status === status)

/** Asks so many times at once. */
export const times = <T>(count: number, ask: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => ask(index)))

/** Talks to a bank over real HTTP. */
export class BankClient {
  /** @param url where the bank listens, which may be elsewhere after another start */
  constructor(public url: string) {}

  async request(method: string, path: string, { body, key, token, headers, signal }: RequestOptions = {}): Promise<Answer> {
    const response = await fetch(new URL(path, this.url), {
      method,
      headers: {
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...(key !== undefined && { 'Idempotency-Key': key }),
        ...(token !== undefined && { Authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(signal && { signal }),
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    const type = response.headers.get('Content-Type') ?? ''
    return {
      status: response.status,
      headers: response.headers,
      type,
      body: text !== '' && /json/.test(type) ? JSON.parse(text) : text,
    }
  }

  get(path: string, options?: RequestOptions): Promise<Answer> {
    return this.request('GET', path, options)
  }

  post(path: string, body: unknown, options?: RequestOptions): Promise<Answer> {
    return this.request('POST', path, { ...options, body })
  }

  deposit({ account, token }: Customer, amount: unknown, key?: string): Promise<Answer> {
    return this.post(`/api/accounts/${account}/deposits`, { amount }, { token, key })
  }

  withdraw({ account, token }: Customer, amount: unknown, key?: string): Promise<Answer> {
    return this.post(`/api/accounts/${account}/withdrawals`, { amount }, { token, key })
  }

  transfer({ account, token }: Customer, to: string, amount: number, key?: string, signal?: AbortSignal): Promise<Answer> {
    return this.post('/api/transfers', { from: account, to, amount }, { token, key, signal })
  }

  /** Waits until a transfer has ended, and returns what it came to. */
  endOf(transfer: string, { token }: Customer): Promise<Answer> {
    return eventually(async () => {
      const answer = await this.get(`/api/transfers/${transfer}`, { token })
      return answer.body.status !== 'requested' && answer
    }, `an end of the transfer ${transfer}`)
  }

  /** @param after the position that the answer must have seen */
  account({ account, token }: Customer, after?: string | null): Promise<Answer> {
    return this.get(`/api/accounts/${account}`, { token, ...(after && { headers: { 'Writ-Wait-For': after } }) })
  }

  async session(account: string, password: string): Promise<string> {
    return (await this.post('/api/sessions', { account, password })).body.token
  }

  /** Opens an account and a session of its owner. */
  async unverifiedCustomer(): Promise<Customer> {
    const email = `owner-${++customers}-${Date.now()}@example.com`
    const password = 'correct horse'
    const opened = await this.post('/api/accounts', { email, password, owner: 'Owner One' })
    const { account } = opened.body
    return { account, email, password, token: await this.session(account, password) }
  }

  /** And opens the link in the mail. */
  async customer(inbox: Inbox): Promise<Customer> {
    const customer = await this.unverifiedCustomer()
    const { text } = await inbox.mailTo(customer.email, 'Verify')
    const verified = await this.get(linkIn(text))
    if (verified.status !== 200) throw new Error(`The link answered ${verified.status}: ${JSON.stringify(verified.body)}`)
    return customer
  }

  /** The bank's own mailbox as an inbox. */
  get mailbox(): Inbox {
    return {
      mailTo: (address, subject) =>
        eventually(async () => {
          const { body } = await this.get('/mailbox', { headers: { Accept: 'application/json' } })
          return (body as { to: string; subject: string; text: string }[]).find(
            (mail) => mail.to === address && mail.subject.includes(subject),
          )
        }, `a mail to ${address} about ${subject}`),
    }
  }
}

/** The path of the link in a mail: behind whatever address the bank believes to have. */
export function linkIn(text: string): string {
  const link = /https?:\/\/\S+/.exec(text)?.[0]
  if (!link) throw new Error(`There is no link in: ${text}`)
  const { pathname, search } = new URL(link)
  return pathname + search
}

/** Sends what no HTTP client would, and returns all that comes back. */
export function sendRaw(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(Number(port), hostname, () => socket.write(text))
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      answer += chunk
    })
    socket.on('error', reject).on('close', () => resolve(answer))
  })
}

/** Asks again until there is an answer; no test waits for a length of time. */
export async function eventually<T>(
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  what: string,
  patience = 50_000,
): Promise<T> {
  const end = Date.now() + patience
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (Date.now() > end) throw new Error(`After ${patience} ms there still is not ${what}.`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
