import 'reflect-metadata'
import { operations } from '../src/http/docs.routes.js'
import { openMemoryStorage } from '../src/storage/memory-storage.js'
import { type Customer, eventually } from './bank-client.js'
import { startTestBank, type TestBank } from './running-bank.js'

/** As much of a browser's element as the page's script uses. */
class Element {
  readonly children: (Element | string)[] = []
  readonly listeners = new Map<string, (event: object) => unknown>()
  value = ''
  textContent = ''

  constructor(readonly tag: string) {}

  append(...children: (Element | string)[]): void {
    this.children.push(...children)
  }

  addEventListener(type: string, listener: (event: object) => unknown): void {
    this.listeners.set(type, listener)
  }

  get text(): string {
    return this.children.map((child) => (typeof child === 'string' ? child : child.text)).join('')
  }

  all(tag: string): Element[] {
    return this.children.flatMap((child) => {
      if (typeof child === 'string') return []
      return [...(child.tag === tag ? [child] : []), ...child.all(tag)]
    })
  }
}

describe('the page to try the bank', () => {
  const list = new Element('main')
  const token = new Element('input')
  let bank: TestBank
  let customer: Customer

  beforeAll(async () => {
    bank = await startTestBank({ storage: openMemoryStorage() })
    customer = await bank.customer(bank.mailbox)
    const document = {
      getElementById: (id: string) => (id === 'token' ? token : list),
      createElement: (tag: string) => new Element(tag),
    }
    const here: typeof fetch = (address, options) => fetch(new URL(String(address), bank.url), options)
    const AsyncFunction = (async () => {}).constructor as new (...text: string[]) => (...given: unknown[]) => Promise<void>
    await new AsyncFunction('document', 'fetch', (await bank.get('/docs/try.js')).body)(document, here)
  })
  afterAll(() => bank?.stop())

  /** Fills a form in, by the labels that begin so, and sends it; returns where the answer appears. */
  function send(title: string, filled: Readonly<Record<string, string>>, button = 0) {
    const details = list.all('details').find(({ text }) => text.startsWith(`${title} `))
    const [form] = details?.all('form') ?? []
    for (const [name, value] of Object.entries(filled)) {
      const [label] = form?.all('label').filter(({ text }) => text.startsWith(name)) ?? []
      const [field] = [...(label?.all('input') ?? []), ...(label?.all('textarea') ?? [])]
      if (!field) throw new Error(`${title} has no field ${name}.`)
      field.value = value
    }
    const buttons = form?.all('button') ?? []
    const sent = form?.listeners.get('submit')?.({ preventDefault() {}, submitter: buttons[button] })
    const [answer] = details?.all('pre') ?? []
    return { sent, answer: () => answer?.textContent ?? '', stop: () => buttons.at(-1)?.listeners.get('click')?.({}) }
  }

  it('has a form for each operation', () => {
    expect(list.all('form')).toHaveLength(operations.length)
  })

  it('sends the example as it stands, and shows the answer', async () => {
    const opening = send('POST /api/accounts', {})
    await opening.sent
    expect(opening.answer()).toMatch(/^201 Created\nWrit-Position: \d+\n\n\{"account":"\d{10}"/)
  })

  it('keeps the token of a session, and sends it where it is wanted', async () => {
    const { account, password } = customer
    await send('POST /api/sessions', { Body: JSON.stringify({ account, password }) }).sent
    expect(token.value).toMatch(/^ey/)
    const read = send('GET /api/accounts/{account}', { account, at: '1' })
    await read.sent
    expect(read.answer()).toContain('"status":"unverified"')
    const deposit = send('POST /api/accounts/{account}/deposits', { account, 'Idempotency-Key': 'once', Body: '{"amount":5}' })
    await deposit.sent
    expect(deposit.answer()).toContain('"balance":100005')
  })

  it('shows a live statement as it comes, until it is stopped', async () => {
    const statement = send('GET /api/accounts/{account}/statement', { account: customer.account }, 1)
    await eventually(() => statement.answer().includes('id: 1'), 'the first entry')
    await bank.deposit(customer, 77)
    await eventually(() => statement.answer().includes('"amount":77'), 'the deposit')
    statement.stop()
    await statement.sent
  })

  it('shows what goes wrong', async () => {
    const report = send('GET /api/reports/transactions', { year: 'x' })
    await report.sent
    expect(report.answer()).toMatch(/^400 Bad Request\n\n.*"code":"invalid-query"/)
  })
})
