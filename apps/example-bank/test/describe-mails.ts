import type { Health } from '@writ/application'
import { ACCOUNT_MAILS, AccountMails } from '../src/mail/account-mails.handler.js'
import { MailAddresses } from '../src/mail/mail-addresses.js'
import { type BankClient, eventually, opening } from './bank-client.js'
import { bankOfTests } from './restartable-bank.js'
import { startTestBank } from './running-bank.js'
import { SmtpInbox } from './smtp-inbox.js'
import type { TestStorage } from './test-place.js'

/** What is mailed, and what becomes of mails that can not be sent now, for every storage that the bank runs on. */
export function describeMails({ storage, create }: TestStorage): void {
  describe(`the bank on ${storage}`, () => {
    const inbox = new SmtpInbox()
    const bank = bankOfTests(create, inbox)

    describe('mail', () => {
      it('tells of a withdrawal, once, with a Message-ID made of the event', async () => {
        const customer = await bank.customer(inbox)
        await bank.withdraw(customer, 5_000)
        const mail = await inbox.mailTo(customer.email, 'withdrawn')
        expect(mail).toMatchObject({ from: 'bank@example.com', subject: '$50.00 withdrawn' })
        expect(mail.messageId).toMatch(/^<[0-9a-f]{8}-[0-9a-f-]{27}@example\.com>$/)
      })

      it('is not sent again by an orderly restart', async () => {
        const customer = await bank.customer(inbox)
        await bank.withdraw(customer, 100)
        await inbox.mailTo(customer.email, 'withdrawn')
        const before = inbox.mails.length
        await bank.restart()
        await bank.withdraw(customer, 200)
        await inbox.mailTo(customer.email, '$2.00 withdrawn')
        expect(inbox.mails).toHaveLength(before + 1)
      })

      it('waits while the mail server is away', async () => {
        const customer = await bank.customer(inbox)
        await inbox.stop()
        await bank.withdraw(customer, 300)
        await eventually(async () => {
          const { subscriptions } = (await bank.get('/health')).body as { subscriptions: { name: string; lag: number }[] }
          return subscriptions.some(({ name, lag }) => name === 'account-mails' && lag > 0)
        }, 'a lag of the mails')
        await inbox.start()
        await inbox.mailTo(customer.email, '$3.00 withdrawn')
      })

      it('that a server refuses for good does not hold up the others', async () => {
        inbox.refused.add('refused@example.com')
        await bank.post('/api/accounts', opening('refused@example.com'))
        await bank.post('/api/accounts', opening('behind@example.com'))
        await inbox.mailTo('behind@example.com', 'Verify')
        expect(inbox.to('refused@example.com')).toEqual([])
      })

      it('that a server does not take now holds up its own account alone, and comes in order once it does', async () => {
        const [full, other] = [await bank.customer(inbox), await bank.customer(inbox)]
        inbox.deferred.add(full.email)
        await bank.withdraw(full, 400)
        await bank.withdraw(full, 500)
        await bank.withdraw(other, 600)
        await inbox.mailTo(other.email, '$6.00 withdrawn')
        expect(await statusWithParked(bank, 2)).toBe('degraded')
        expect(inbox.to(full.email)).toHaveLength(1)
        inbox.deferred.delete(full.email)
        await bank.application.parked(AccountMails).retry('all', { wait: true })
        await inbox.mailTo(full.email, '$5.00 withdrawn')
        const subjects = inbox.to(full.email).map(({ subject }) => subject)
        expect(subjects.slice(1)).toEqual(['$4.00 withdrawn', '$5.00 withdrawn'])
        expect(await statusWithParked(bank, 0)).toBe('up')
      })

      it("that the bank's own mistake keeps back is parked, told in the health, and goes out once somebody retries it", async () => {
        let isMistaken = false
        const elsewhere = await create()
        const mistaken = await startTestBank({
          storage: await elsewhere.openStorage(),
          bindings: (container) =>
            container.onActivation(MailAddresses, (_, addresses) => {
              const find = addresses.find.bind(addresses)
              addresses.find = async (account) => {
                if (isMistaken && account === one.account) throw new Error('a mistake')
                return find(account)
              }
              return addresses
            }),
        })
        const one = await mistaken.customer(mistaken.mailbox)
        try {
          const two = await mistaken.customer(mistaken.mailbox)
          isMistaken = true
          await mistaken.withdraw(one, 100)
          await mistaken.withdraw(two, 200)
          await mistaken.mailbox.mailTo(two.email, '$2.00 withdrawn')
          expect(await statusWithParked(mistaken, 1)).toBe('degraded')
          isMistaken = false
          const parked = mistaken.application.parked(AccountMails)
          expect(await parked.list()).toMatchObject([{ sequence: `account-${one.account}`, attempts: Array(5).fill({}) }])
          expect(await parked.retry('all', { wait: true })).toEqual({ events: 1, left: 0 })
          await mistaken.mailbox.mailTo(one.email, '$1.00 withdrawn')
        } finally {
          await mistaken.stop()
          await elsewhere.close()
        }
      })

      it('has no mailbox here while there is a mail server', async () => {
        expect((await bank.get('/mailbox')).status).toBe(404)
      })
    })
  })
}

/** What the health says when it tells of so many mails that were put aside. */
function statusWithParked(bank: BankClient, count: number): Promise<Health['status']> {
  return eventually(async () => {
    const { status, subscriptions } = (await bank.get('/health')).body as Health
    return subscriptions.find(({ name }) => name === ACCOUNT_MAILS)?.parked === count && status
  }, `a health that tells of ${count} parked mails`)
}
