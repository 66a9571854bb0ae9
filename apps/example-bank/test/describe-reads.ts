import type { Customer } from './bank-client.js'
import { bankOfTests } from './restartable-bank.js'
import type { TestStorage } from './test-place.js'

/** What an account's owner reads of it, and after which writes, for every storage that the bank runs on. */
export function describeReads({ storage, create }: TestStorage): void {
  describe(`the bank on ${storage}`, () => {
    const bank = bankOfTests(create)

    describe('the routes of an account', () => {
      let customer: Customer
      let other: Customer
      beforeAll(async () => {
        customer = await bank.customer(bank.mailbox)
        other = await bank.customer(bank.mailbox)
      })

      it('show owner, status, balance and version', async () => {
        const deposited = await bank.deposit(customer, 2_500)
        const seen = await bank.account(customer, deposited.headers.get('Writ-Position'))
        expect(seen.status).toBe(200)
        expect(seen.body).toEqual({
          account: customer.account,
          owner: 'Owner One',
          status: 'verified',
          balance: 102_500,
          version: deposited.body.version,
        })
        expect(seen.headers.get('Writ-Position')).toBe(deposited.headers.get('Writ-Position'))
      })

      it('always show a client its own writes when it sends the position along', async () => {
        for (let round = 0; round < 10; round++) {
          const deposited = await bank.deposit(other, 1)
          const seen = await bank.account(other, deposited.headers.get('Writ-Position'))
          expect(seen.body.balance).toBe(deposited.body.balance)
        }
      })

      it('say not-yet-visible after five seconds for a position that has not come', async () => {
        const start = Date.now()
        const answer = await bank.account(customer, '999999999999')
        expect(answer).toMatchObject({ status: 503, body: { code: 'not-yet-visible' } })
        expect(answer.headers.get('Retry-After')).toBe('1')
        expect(Date.now() - start).toBeGreaterThan(4_500)
      })

      it('refuse a position that is none', async () => {
        for (const position of ['-1', 'x', '1.5', '1e3', '0x10', '99999999999999999', 'x'.repeat(32)]) {
          expect(await bank.account(customer, position)).toMatchObject({ status: 400, body: { code: 'invalid-position' } })
        }
      })
    })
  })
}
