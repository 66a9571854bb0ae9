import { times, withStatus } from './bank-client.js'
import { bankOfTests } from './restartable-bank.js'
import type { TestStorage } from './test-place.js'

/** Deposits and withdrawals over HTTP, for every storage that the bank runs on. */
export function describeMovements({ storage, create }: TestStorage): void {
  describe(`the bank on ${storage}`, () => {
    const bank = bankOfTests(create)

    describe('money', () => {
      it('is moved by a verified account: balance, version and position come back', async () => {
        const customer = await bank.customer(bank.mailbox)
        const deposited = await bank.deposit(customer, 2_500)
        expect(deposited.status).toBe(200)
        expect(deposited.body).toEqual({ balance: 102_500, version: 3, position: expect.any(Number) })
        const seen = await bank.account(customer, deposited.headers.get('Writ-Position'))
        expect(seen.headers.get('Writ-Position')).toBe(deposited.headers.get('Writ-Position'))
        expect((await bank.withdraw(customer, 500)).body).toEqual({ balance: 102_000, version: 4, position: expect.any(Number) })
      })

      it('is not moved by an unverified one', async () => {
        const customer = await bank.unverifiedCustomer()
        for (const answer of [await bank.deposit(customer, 100), await bank.withdraw(customer, 100)]) {
          expect(answer).toMatchObject({ status: 409, type: 'application/problem+json', body: { code: 'account-not-verified' } })
        }
      })

      it('never falls below zero', async () => {
        const customer = await bank.customer(bank.mailbox)
        const refused = await bank.withdraw(customer, 100_001)
        expect(refused).toMatchObject({ status: 409, body: { code: 'insufficient-funds', balance: 100_000, amount: 100_001 } })
        expect((await bank.withdraw(customer, 100_000)).body.balance).toBe(0)
        expect((await bank.withdraw(customer, 1)).body.code).toBe('insufficient-funds')
      })

      it('lets exactly twenty of thirty parallel withdrawals of 5,000 from 100,000 succeed', async () => {
        const customer = await bank.customer(bank.mailbox)
        const answers = await times(30, () => bank.withdraw(customer, 5_000))
        expect(withStatus(answers, 200)).toHaveLength(20)
        expect(withStatus(answers, 409).map(({ body }) => body.code)).toEqual(Array(10).fill('insufficient-funds'))
        const last = withStatus(answers, 200).map(({ body }) => body as { position: number; balance: number })
        const balances = last.sort((a, b) => a.position - b.position).map(({ balance }) => balance)
        expect(balances).toEqual(Array.from({ length: 20 }, (_, index) => 95_000 - index * 5_000))
        const seen = await bank.account(customer, String(last.at(-1)?.position))
        expect(seen.body).toMatchObject({ balance: 0, version: 22 })
      })

      it('comes in whole cents, from one to a million dollars', async () => {
        const customer = await bank.customer(bank.mailbox)
        const path = `/api/accounts/${customer.account}/deposits`
        const amounts = [
          '0',
          '-1',
          '0.1',
          '1e400',
          '-1e400',
          '1e-400',
          '"500"',
          'null',
          'true',
          '[500]',
          '100000001',
          '9007199254740993',
          '1e15',
        ]
        for (const amount of amounts) {
          const answer = await bank.post(path, `{"amount":${amount}}`, { token: customer.token })
          expect(answer).toMatchObject({ status: 400, type: 'application/problem+json', body: { code: 'invalid-body' } })
          expect(answer.body.issues[0]).toEqual({ path: 'amount', message: expect.any(String) })
        }
        expect((await bank.deposit(customer, 100_000_000)).status).toBe(200)
      })
    })
  })
}
