import { opening } from './bank-client.js'
import { bankOfTests } from './restartable-bank.js'
import type { TestStorage } from './test-place.js'

/** The mailbox that stands in for a mail server, for every storage that the bank runs on. */
export function describeMailbox({ storage, create }: TestStorage): void {
  describe(`the bank on ${storage} without a mail server`, () => {
    const bank = bankOfTests(create)
    const mails = async () => (await bank.get('/mailbox', { headers: { Accept: 'application/json' } })).body

    it('keeps the mails in a mailbox, the newest last, over a restart', async () => {
      const customer = await bank.customer(bank.mailbox)
      await bank.withdraw(customer, 5_000)
      await bank.mailbox.mailTo(customer.email, 'withdrawn')
      const before = await mails()
      expect(before.map(({ to, subject }: { to: string; subject: string }) => [to, subject])).toEqual([
        [customer.email, 'Verify your account'],
        [customer.email, '$50.00 withdrawn'],
      ])
      expect(Object.keys(before[0])).toEqual(['to', 'subject', 'text'])
      await bank.restart()
      expect(await mails()).toEqual(before)
      await bank.withdraw(customer, 100)
      await bank.mailbox.mailTo(customer.email, '$1.00 withdrawn')
      expect(await mails()).toHaveLength(3)
    })

    it('shows the newest mail to whoever waits for its position', async () => {
      const opened = await bank.post('/api/accounts', opening('waiting@example.com'))
      const headers = { Accept: 'application/json', 'Writ-Wait-For': opened.headers.get('Writ-Position') ?? '' }
      const { body } = await bank.get('/mailbox', { headers })
      expect(body.at(-1)).toMatchObject({ to: 'waiting@example.com', subject: 'Verify your account' })
    })

    it('shows them to people, and lets no markup and no script through', async () => {
      await bank.post('/api/accounts', {
        email: 'markup@example.com',
        password: 'correct horse',
        owner: '<img src=x onerror=alert(1)> https://example.com/elsewhere',
      })
      await bank.mailbox.mailTo('markup@example.com', 'Verify')
      const page = await bank.get('/mailbox', { headers: { Accept: 'text/html,*/*' } })
      expect(page).toMatchObject({ status: 200, type: expect.stringContaining('text/html') })
      expect(page.body).toContain('&lt;img src=x onerror=alert(1)&gt;')
      expect(page.body).not.toContain('<img')
      expect(page.body).toContain('<a href="https://bank.example.com/api/accounts/verify?')
      expect(page.body).not.toContain('<a href="https://example.com')
      expect(page.headers.get('Content-Security-Policy')).toMatch(/^default-src 'none'; style-src 'sha256-/)
    })
  })
}
