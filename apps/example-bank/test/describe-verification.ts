import { type Customer, linkIn } from './bank-client.js'
import { bankOfTests } from './restartable-bank.js'
import { SmtpInbox } from './smtp-inbox.js'
import type { TestStorage } from './test-place.js'

/** How the owner of an account proves the address of its mails, for every storage that the bank runs on. */
export function describeVerification({ storage, create }: TestStorage): void {
  describe(`the bank on ${storage}`, () => {
    const inbox = new SmtpInbox()
    const bank = bankOfTests(create, inbox)

    describe('the link in the mail', () => {
      let customer: Customer
      let link: string
      beforeAll(async () => {
        customer = await bank.unverifiedCustomer()
        link = linkIn((await inbox.mailTo(customer.email, 'Verify')).text)
      })

      it('is refused with a wrong code, and for an account that is not there, in the same words', async () => {
        const wrong = await bank.get(`/api/accounts/verify?account=${customer.account}&code=${'0'.repeat(32)}`)
        const unknown = await bank.get(`/api/accounts/verify?account=9999999999&code=${'0'.repeat(32)}`)
        expect(wrong).toMatchObject({ status: 400, body: { code: 'wrong-verification-code' } })
        expect(unknown.body).toEqual(wrong.body)
        expect((await bank.get('/api/accounts/verify')).body).toEqual(wrong.body)
      })

      it('is not used up by a HEAD', async () => {
        expect((await bank.request('HEAD', link)).status).toBe(405)
      })

      it('verifies the account, once', async () => {
        const verified = await bank.get(link)
        expect(verified).toMatchObject({ status: 200, body: { account: customer.account, status: 'verified' } })
        const seen = await bank.account(customer, verified.headers.get('Writ-Position'))
        expect(seen.body.status).toBe('verified')
        expect(await bank.get(link)).toMatchObject({ status: 409, body: { code: 'account-already-verified' } })
      })
    })
  })
}
