import 'reflect-metadata'
import { type Browser, chromium, type Locator, type Page } from 'playwright-core'
import { operations } from '../src/http/docs.routes.js'
import { openMemoryStorage } from '../src/storage/memory-storage.js'
import type { Customer } from './bank-client.js'
import { chromiumPath, whyNoBrowser } from './chromium.js'
import { startTestBank, type TestBank } from './running-bank.js'

const describeInBrowser = chromiumPath === undefined ? describe.skip : describe

describeInBrowser(`the page to try the bank, in a browser${chromiumPath === undefined ? ` (${whyNoBrowser})` : ''}`, () => {
  const complaints: string[] = []
  let browser: Browser
  let page: Page
  let bank: TestBank
  let customer: Customer

  beforeAll(async () => {
    bank = await startTestBank({ storage: openMemoryStorage() })
    customer = await bank.customer(bank.mailbox)
    browser = await chromium.launch({
      executablePath: chromiumPath!,
      // Chromium refuses its sandbox to root, and calls home unless it is told not to.
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    })
    page = await browser.newPage()
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.goto(`${bank.url}/docs`)
    await page.locator('form').first().waitFor({ state: 'attached' })
  })
  afterAll(async () => {
    await browser?.close()
    await bank?.stop()
  })

  /** Opens an operation, fills its fields in by the beginnings of their labels, and sends it; returns where the answer appears. */
  async function send(title: string, filled: Readonly<Record<string, string>>, button = 0): Promise<Locator> {
    const details = page
      .locator('details')
      .filter({ has: page.locator('summary code', { hasText: new RegExp(`^${escaped(title)}$`) }) })
    if ((await details.getAttribute('open')) === null) await details.locator('summary').click()
    for (const [name, value] of Object.entries(filled)) {
      const label = details.locator('label', { hasText: new RegExp(`^${escaped(name)}`) })
      await label.locator('input, textarea').fill(value)
    }
    await details.locator('button').nth(button).click()
    return details.locator('pre')
  }

  it('has a form for each operation, and its policy lets all of it work', async () => {
    expect(await page.locator('form').count()).toBe(operations.length)
    expect(complaints).toEqual([])
  })

  it('sends the example as it stands, and shows the answer', async () => {
    const answer = await send('POST /api/accounts', {})
    await answer.filter({ hasText: /^201 Created\s*Writ-Position: [\w-]{32}\s+\{"account":"\d{10}"/ }).waitFor()
  })

  it('keeps the token of a session, and sends it where it is wanted', async () => {
    const { account, password } = customer
    const session = await send('POST /api/sessions', { Body: JSON.stringify({ account, password }) })
    await session.filter({ hasText: '201 Created' }).waitFor()
    await page.waitForFunction(`document.getElementById('token').value.startsWith('ey')`)
    const read = await send('GET /api/accounts/{account}', { account, at: '1' })
    await read.filter({ hasText: '"status":"unverified"' }).waitFor()
    const deposit = await send('POST /api/accounts/{account}/deposits', {
      account,
      'Idempotency-Key': 'once',
      Body: '{"amount":5}',
    })
    await deposit.filter({ hasText: '"balance":100005' }).waitFor()
  })

  it('shows a live statement as it comes', async () => {
    const statement = await send('GET /api/accounts/{account}/statement', { account: customer.account }, 1)
    await statement.filter({ hasText: 'id: 1' }).waitFor()
    await bank.deposit(customer, 77)
    await statement.filter({ hasText: '"amount":77' }).waitFor()
  })

  it('shows what goes wrong as text, never as markup', async () => {
    const report = await send('GET /api/reports/transactions', { year: '<img src=x onerror=alert(1)>' })
    await report.filter({ hasText: /^400 Bad Request[\s\S]*"code":"invalid-query"/ }).waitFor()
    expect(await page.locator('pre img').count()).toBe(0)
  })
})

const escaped = (text: string) => text.replace(/[{}/.]/g, '\\$&')
