import type { Answer, Customer } from './bank-client.js'
import { bankOfTests } from './restartable-bank.js'
import type { TestStorage } from './test-place.js'

/** Who may ask what: sessions and their tokens, for every storage that the bank runs on. */
export function describeSessions({ storage, create }: TestStorage): void {
  describe(`the bank on ${storage}`, () => {
    const bank = bankOfTests(create)

    describe('a session', () => {
      let customer: Customer
      beforeAll(async () => {
        customer = await bank.unverifiedCustomer()
      })
      const login = (password: string) => bank.post('/api/sessions', { account: customer.account, password })

      it('gives a token that a restart does not make invalid', async () => {
        expect((await bank.account(customer)).status).not.toBe(401)
        await bank.restart()
        expect((await bank.account(customer)).status).toBe(200)
      })

      it('is refused for a wrong password and for an account that is not there, in the same words', async () => {
        const wrong = await login('wrong horse')
        const unknown = await bank.post('/api/sessions', { account: '9999999999', password: 'correct horse' })
        expect(wrong).toMatchObject({ status: 401, body: { code: 'wrong-credentials' } })
        expect(unknown.body).toEqual(wrong.body)
      })

      it('is held up after ten wrong passwords, the right one as well', async () => {
        const guessed = await bank.unverifiedCustomer()
        const guess = (password: string) => bank.post('/api/sessions', { account: guessed.account, password })
        for (let guesses = 0; guesses < 10; guesses++) expect((await guess('wrong horse')).status).toBe(401)
        const refused = await guess(guessed.password)
        expect(refused).toMatchObject({ status: 429, body: { code: 'too-many-attempts' } })
        expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(0)
        expect((await login('correct horse')).status).toBe(201)
      })
    })

    describe('the routes of an account', () => {
      let customer: Customer
      let other: Customer
      beforeAll(async () => {
        customer = await bank.customer(bank.mailbox)
        other = await bank.customer(bank.mailbox)
      })

      const routes = (ask: (method: string, path: string, body: object | undefined) => Promise<Answer>) =>
        Promise.all([
          ask('GET', `/api/accounts/${customer.account}`, undefined),
          ask('POST', `/api/accounts/${customer.account}/deposits`, { amount: 1 }),
          ask('POST', `/api/accounts/${customer.account}/withdrawals`, { amount: 1 }),
        ])

      it('want a token', async () => {
        const forged = `${customer.token.slice(0, -6)}AAAAAA`
        const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${customer.token.split('.')[1]}.`
        for (const token of [undefined, 'nonsense', forged, unsigned]) {
          const answers = await routes((method, path, body) => bank.request(method, path, { body, token }))
          for (const answer of answers) {
            expect(answer).toMatchObject({ status: 401, type: 'application/problem+json', body: { code: 'unauthenticated' } })
            expect(answer.headers.get('WWW-Authenticate')).toBe('Bearer')
          }
        }
      })

      it("refuse another owner's token", async () => {
        const answers = await routes((method, path, body) => bank.request(method, path, { body, token: other.token }))
        for (const answer of answers) expect(answer).toMatchObject({ status: 403, body: { code: 'forbidden' } })
      })
    })
  })
}
