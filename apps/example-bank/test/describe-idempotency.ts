import { type Customer, opening, times } from './bank-client.js'
import { bankOfTests } from './restartable-bank.js'
import type { TestStorage } from './test-place.js'

/** What a request with an `Idempotency-Key` does when it is sent again, for every storage that the bank runs on. */
export function describeIdempotency({ storage, create }: TestStorage): void {
  describe(`the bank on ${storage}`, () => {
    const bank = bankOfTests(create)

    describe('opening an account', () => {
      it('answers the same key and body with the same reply: at once, later, and after a restart', async () => {
        const open = () => bank.post('/api/accounts', opening('twenty@example.com'), { key: 'open-twenty' })
        const answers = await times(20, open)
        await bank.restart()
        const again = await open()
        for (const answer of [...answers, again]) expect(answer).toMatchObject({ status: 201, body: answers[0]?.body })
        expect(again.headers.get('Writ-Position')).toBe(answers[0]?.headers.get('Writ-Position'))
      })

      it('takes a body in another order, and with other spaces, for the same', async () => {
        const first = await bank.post('/api/accounts', opening('spaces@example.com'), { key: 'open-spaces' })
        const turned = '{ "owner": "Owner One", "password": "correct horse",\n "email": "spaces@example.com" }'
        expect(await bank.post('/api/accounts', turned, { key: 'open-spaces' })).toMatchObject({ status: 201, body: first.body })
      })

      it('refuses the same key with another body', async () => {
        await bank.post('/api/accounts', opening('key@example.com'), { key: 'open-key' })
        const other = await bank.post('/api/accounts', opening('other-key@example.com'), { key: 'open-key' })
        expect(other).toMatchObject({ status: 422, body: { code: 'idempotency-key-reused' } })
      })
    })

    describe('a session', () => {
      let customer: Customer
      beforeAll(async () => {
        customer = await bank.unverifiedCustomer()
      })
      const login = (password: string, key?: string) =>
        bank.post('/api/sessions', { account: customer.account, password }, { key })

      it('answers the same key with the same token, also after a restart, and another body with 422', async () => {
        const first = await login('correct horse', 'login-1')
        await bank.restart()
        expect(await login('correct horse', 'login-1')).toMatchObject({ status: 201, body: first.body })
        expect((await login('wrong horse', 'login-1')).status).toBe(422)
        expect((await login('correct horse')).body.token).not.toBe(first.body.token)
      })

      it('remembers a refusal under its key as well', async () => {
        expect((await login('wrong horse', 'login-2')).status).toBe(401)
        expect((await login('wrong horse', 'login-2')).status).toBe(401)
        expect((await login('correct horse', 'login-2')).status).toBe(422)
      })
    })

    describe('money', () => {
      it('is moved once by the same key and body: twenty times at once, later, and after a restart', async () => {
        const customer = await bank.customer(bank.mailbox)
        const answers = await times(20, () => bank.deposit(customer, 700, 'salary'))
        await bank.deposit(customer, 1)
        await bank.restart()
        const again = await bank.deposit(customer, 700, 'salary')
        for (const answer of [...answers, again]) {
          expect(answer).toMatchObject({ status: 200, body: { ...answers[0]?.body, balance: 100_700 } })
        }
        expect((await bank.deposit(customer, 1)).body.balance).toBe(100_702)
      })

      it('is refused for the same key with another amount', async () => {
        const customer = await bank.customer(bank.mailbox)
        await bank.deposit(customer, 700, 'bonus')
        expect(await bank.deposit(customer, 701, 'bonus')).toMatchObject({
          status: 422,
          body: { code: 'idempotency-key-reused' },
        })
      })

      it('remembers a refusal under its key, although there is money by now', async () => {
        const customer = await bank.customer(bank.mailbox)
        const refused = await bank.withdraw(customer, 100_100, 'too much')
        await bank.deposit(customer, 500)
        await bank.restart()
        const again = await bank.withdraw(customer, 100_100, 'too much')
        expect(again).toMatchObject({ status: 409, type: 'application/problem+json', body: refused.body })
        expect((await bank.withdraw(customer, 100_100, 'another')).status).toBe(200)
      })

      it('keeps the keys of two owners, and of two routes, apart', async () => {
        const [one, two] = [await bank.customer(bank.mailbox), await bank.customer(bank.mailbox)]
        expect((await bank.deposit(one, 100, 'same')).body.balance).toBe(100_100)
        expect((await bank.deposit(two, 200, 'same')).body.balance).toBe(100_200)
        expect((await bank.withdraw(one, 50, 'same')).body.balance).toBe(100_050)
      })
    })

    describe('wrong input', () => {
      it('is refused as a key that is too long', async () => {
        expect((await bank.post('/api/accounts', opening('key-200@example.com'), { key: 'k'.repeat(200) })).status).toBe(201)
        for (const key of ['k'.repeat(201), 'clé']) {
          const answer = await bank.post('/api/accounts', opening('key-201@example.com'), { key })
          expect(answer).toMatchObject({ status: 400, body: { code: 'invalid-idempotency-key' } })
        }
      })
    })
  })
}
