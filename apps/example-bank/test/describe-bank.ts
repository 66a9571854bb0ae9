import { randomBytes } from 'node:crypto'
import type { Health } from '@writ/application'
import { silentLogger } from '@writ/event-store'
import { AccountNumbers } from '../src/account/account-number.js'
import { VerificationCodes } from '../src/account/verification-code.js'
import { ACCOUNT_MAILS, AccountMails } from '../src/mail/account-mails.handler.js'
import { MailAddresses } from '../src/mail/mail-addresses.js'
import type { Storage } from '../src/storage/storage.js'
import { type Answer, type Customer, eventually, linkIn, sendRaw } from './bank-client.js'
import { startTestBank, type TestBank } from './running-bank.js'
import { SmtpInbox } from './smtp-inbox.js'

export interface Place {
  /** Opens the storage on this place's data: what was there at the last close is there again. */
  openStorage(): Promise<Storage>
  close(): Promise<void>
}

const times = <T>(count: number, ask: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => ask(index)))

const withStatus = (answers: readonly Answer[], status: number) => answers.filter((answer) => answer.status === status)

/** What the health says when it tells of so many mails that were put aside. */
function statusWithParked(bank: TestBank, count: number): Promise<Health['status']> {
  return eventually(async () => {
    const { status, subscriptions } = (await bank.get('/health')).body as Health
    return subscriptions.find(({ name }) => name === ACCOUNT_MAILS)?.parked === count && status
  }, `a health that tells of ${count} parked mails`)
}

const opening = (email: string) => ({ email, password: 'correct horse', owner: 'Owner One' })

/** One account of the bank's behaviour over HTTP, for every storage that it runs on. */
export function describeBank({ storage, create }: { readonly storage: string; readonly create: () => Promise<Place> }): void {
  describe(`the bank on ${storage}`, () => {
    const inbox = new SmtpInbox()
    let place: Place
    let bank: TestBank

    const start = async () => startTestBank({ storage: await place.openStorage(), smtpUrl: inbox.url })
    const restart = async () => {
      await bank.stop()
      bank = await start()
    }
    beforeAll(async () => {
      await inbox.start()
      place = await create()
      bank = await start()
    })
    afterAll(async () => {
      await bank?.stop()
      await place?.close()
      await inbox.stop()
    })

    describe('opening an account', () => {
      it('gives a number and $1,000, and mails a link', async () => {
        const opened = await bank.post('/api/accounts', opening('first@example.com'))
        expect(opened.status).toBe(201)
        expect(opened.body).toEqual({ account: expect.stringMatching(/^[1-9]\d{9}$/), status: 'unverified', balance: 100_000 })
        expect(opened.headers.get('Writ-Position')).toMatch(/^[\w-]{32}$/)
        const mail = await inbox.mailTo('first@example.com', 'Verify')
        expect(mail.text).toContain(`https://bank.example.com/api/accounts/verify?account=${opened.body.account}&code=`)
      })

      it('opens one account per e-mail, whatever its letter case', async () => {
        await bank.post('/api/accounts', opening('once@example.com'))
        const second = await bank.post('/api/accounts', opening('ONCE@example.com'))
        expect(second).toMatchObject({ status: 409, body: { code: 'email-taken' } })
      })

      it('opens exactly one of twenty at once with one e-mail', async () => {
        const answers = await times(20, () => bank.post('/api/accounts', opening('raced@example.com')))
        expect(withStatus(answers, 201)).toHaveLength(1)
        expect(withStatus(answers, 409).map(({ body }) => body.code)).toEqual(Array(19).fill('email-taken'))
        await inbox.mailTo('raced@example.com', 'Verify')
        expect(inbox.to('raced@example.com')).toHaveLength(1)
      })

      it('answers the same key and body with the same reply: at once, later, and after a restart', async () => {
        const open = () => bank.post('/api/accounts', opening('twenty@example.com'), { key: 'open-twenty' })
        const answers = await times(20, open)
        await restart()
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

      it('draws again when a number belongs to somebody', async () => {
        const drawn = ['5000000001', '5000000001', '5000000001', '5000000002']
        const elsewhere = await create()
        const rigged = await startTestBank({
          storage: await elsewhere.openStorage(),
          bindings: (container) =>
            container.rebind(AccountNumbers).toConstantValue({ next: () => drawn.shift() ?? '5000000009' }),
        })
        try {
          expect((await rigged.post('/api/accounts', opening('draw-1@example.com'))).body.account).toBe('5000000001')
          expect((await rigged.post('/api/accounts', opening('draw-2@example.com'))).body.account).toBe('5000000002')
          expect(await rigged.session('5000000001', 'correct horse')).toBeDefined()
        } finally {
          await rigged.stop()
          await elsewhere.close()
        }
      })
    })

    describe('a failure between the password and the event', () => {
      it('harms nobody: the same request opens an account, and the number that was left over is never given to anybody', async () => {
        const elsewhere = await create()
        const drawn = ['5000000001', '5000000002', '5000000001', '5000000003']
        let failures = 1
        const codes = {
          next() {
            if (failures-- > 0) throw new Error('as if the process had died here')
            return randomBytes(16).toString('hex')
          },
        }
        const rigged = await startTestBank({
          storage: await elsewhere.openStorage(),
          logger: silentLogger,
          bindings(container) {
            container.rebind(AccountNumbers).toConstantValue({ next: () => drawn.shift() ?? '5000000009' })
            container.rebind(VerificationCodes).toConstantValue(codes)
          },
        })
        try {
          const open = () => rigged.post('/api/accounts', opening('between@example.com'), { key: 'open' })
          expect(await open()).toMatchObject({ status: 500, body: { code: 'internal-error' } })
          const again = await open()
          expect(again).toMatchObject({ status: 201, body: { account: '5000000002' } })
          expect((await open()).body).toEqual(again.body)
          expect(await rigged.session('5000000002', 'correct horse')).toBeDefined()

          // Whoever guessed both the number and its password would have a session, and nothing behind it.
          const left = {
            account: '5000000001',
            token: await rigged.session('5000000001', 'correct horse'),
            email: '',
            password: '',
          }
          expect((await rigged.deposit(left, 100)).body.code).toBe('account-not-verified')
          expect((await rigged.account(left)).status).toBe(404)

          const other = await rigged.post('/api/accounts', opening('after@example.com'))
          expect(other.body.account).toBe('5000000003')
        } finally {
          await rigged.stop()
          await elsewhere.close()
        }
      })
    })

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

    describe('a session', () => {
      let customer: Customer
      beforeAll(async () => {
        customer = await bank.unverifiedCustomer()
      })
      const login = (password: string, key?: string) =>
        bank.post('/api/sessions', { account: customer.account, password }, { key })

      it('gives a token that a restart does not make invalid', async () => {
        expect((await bank.account(customer)).status).not.toBe(401)
        await restart()
        expect((await bank.account(customer)).status).toBe(200)
      })

      it('is refused for a wrong password and for an account that is not there, in the same words', async () => {
        const wrong = await login('wrong horse')
        const unknown = await bank.post('/api/sessions', { account: '9999999999', password: 'correct horse' })
        expect(wrong).toMatchObject({ status: 401, body: { code: 'wrong-credentials' } })
        expect(unknown.body).toEqual(wrong.body)
      })

      it('answers the same key with the same token, also after a restart, and another body with 422', async () => {
        const first = await login('correct horse', 'login-1')
        await restart()
        expect(await login('correct horse', 'login-1')).toMatchObject({ status: 201, body: first.body })
        expect((await login('wrong horse', 'login-1')).status).toBe(422)
        expect((await login('correct horse')).body.token).not.toBe(first.body.token)
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

      it('remembers a refusal under its key as well', async () => {
        expect((await login('wrong horse', 'login-2')).status).toBe(401)
        expect((await login('wrong horse', 'login-2')).status).toBe(401)
        expect((await login('correct horse', 'login-2')).status).toBe(422)
      })
    })

    describe('the routes of an account', () => {
      let customer: Customer
      let other: Customer
      beforeAll(async () => {
        customer = await bank.customer(inbox)
        other = await bank.customer(inbox)
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

    describe('money', () => {
      it('is moved by a verified account: balance, version and position come back', async () => {
        const customer = await bank.customer(inbox)
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
        const customer = await bank.customer(inbox)
        const refused = await bank.withdraw(customer, 100_001)
        expect(refused).toMatchObject({ status: 409, body: { code: 'insufficient-funds', balance: 100_000, amount: 100_001 } })
        expect((await bank.withdraw(customer, 100_000)).body.balance).toBe(0)
        expect((await bank.withdraw(customer, 1)).body.code).toBe('insufficient-funds')
      })

      it('lets exactly twenty of thirty parallel withdrawals of 5,000 from 100,000 succeed', async () => {
        const customer = await bank.customer(inbox)
        const answers = await times(30, () => bank.withdraw(customer, 5_000))
        expect(withStatus(answers, 200)).toHaveLength(20)
        expect(withStatus(answers, 409).map(({ body }) => body.code)).toEqual(Array(10).fill('insufficient-funds'))
        const last = withStatus(answers, 200).map(({ body }) => body as { position: number; balance: number })
        const balances = last.sort((a, b) => a.position - b.position).map(({ balance }) => balance)
        expect(balances).toEqual(Array.from({ length: 20 }, (_, index) => 95_000 - index * 5_000))
        const seen = await bank.account(customer, String(last.at(-1)?.position))
        expect(seen.body).toMatchObject({ balance: 0, version: 22 })
      })

      it('is moved once by the same key and body: twenty times at once, later, and after a restart', async () => {
        const customer = await bank.customer(inbox)
        const answers = await times(20, () => bank.deposit(customer, 700, 'salary'))
        await bank.deposit(customer, 1)
        await restart()
        const again = await bank.deposit(customer, 700, 'salary')
        for (const answer of [...answers, again]) {
          expect(answer).toMatchObject({ status: 200, body: { ...answers[0]?.body, balance: 100_700 } })
        }
        expect((await bank.deposit(customer, 1)).body.balance).toBe(100_702)
      })

      it('is refused for the same key with another amount', async () => {
        const customer = await bank.customer(inbox)
        await bank.deposit(customer, 700, 'bonus')
        expect(await bank.deposit(customer, 701, 'bonus')).toMatchObject({
          status: 422,
          body: { code: 'idempotency-key-reused' },
        })
      })

      it('remembers a refusal under its key, although there is money by now', async () => {
        const customer = await bank.customer(inbox)
        const refused = await bank.withdraw(customer, 100_100, 'too much')
        await bank.deposit(customer, 500)
        await restart()
        const again = await bank.withdraw(customer, 100_100, 'too much')
        expect(again).toMatchObject({ status: 409, type: 'application/problem+json', body: refused.body })
        expect((await bank.withdraw(customer, 100_100, 'another')).status).toBe(200)
      })

      it('keeps the keys of two owners, and of two routes, apart', async () => {
        const [one, two] = [await bank.customer(inbox), await bank.customer(inbox)]
        expect((await bank.deposit(one, 100, 'same')).body.balance).toBe(100_100)
        expect((await bank.deposit(two, 200, 'same')).body.balance).toBe(100_200)
        expect((await bank.withdraw(one, 50, 'same')).body.balance).toBe(100_050)
      })

      it('comes in whole cents, from one to a million dollars', async () => {
        const customer = await bank.customer(inbox)
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
        await restart()
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

    describe('wrong input', () => {
      const valid = { email: 'input@example.com', password: 'correct horse', owner: 'Owner One' }

      it('is told where it is wrong, and no value comes back', async () => {
        const answer = await bank.post('/api/accounts', { email: 'canary-no-email', password: 'canary', owner: '', balance: 5 })
        expect(answer).toMatchObject({
          status: 400,
          type: 'application/problem+json',
          body: { status: 400, code: 'invalid-body' },
        })
        expect(answer.body.issues.map(({ path }: { path: string }) => path).sort()).toEqual(['', 'email', 'owner', 'password'])
        expect(JSON.stringify(answer.body)).not.toContain('canary')
      })

      it('is refused as a body that is no JSON, has a key twice, or holds what can not be stored', async () => {
        const bodies = [
          '',
          '{',
          'null',
          '[]',
          '"text"',
          '{"email":"a@example.com","email":"b@example.com","password":"correct horse","owner":"Owner One"}',
          JSON.stringify(valid).replace('Owner One', '\\u0000'),
          JSON.stringify(valid).replace('Owner One', '\\ud800'),
          JSON.stringify(valid).replace('correct horse', 'correct\\u0000horse'),
          JSON.stringify(valid).replace('{', '{"__proto__":{"status":"verified"},'),
          JSON.stringify(valid).replace('{', '{"constructor":{"prototype":{}},'),
          '['.repeat(60_000),
        ]
        for (const body of bodies) {
          const answer = await bank.post('/api/accounts', body, { headers: { 'Content-Type': 'application/json' } })
          expect(answer).toMatchObject({
            status: 400,
            type: 'application/problem+json',
            body: { code: expect.stringMatching(/^invalid-(json|body)$/) },
          })
          expect(JSON.stringify(answer.body)).not.toContain('horse')
        }
        expect((await bank.post('/api/accounts', valid)).status).toBe(201)
      })

      it('is refused as another type, packed, or too large', async () => {
        const send = (body: string, headers: Record<string, string>) => bank.request('POST', '/api/accounts', { body, headers })
        const json = JSON.stringify(valid)
        expect(await send(json, { 'Content-Type': 'text/plain' })).toMatchObject({
          status: 415,
          body: { code: 'unsupported-media-type' },
        })
        expect(await send(json, { 'Content-Encoding': 'gzip' })).toMatchObject({
          status: 415,
          body: { code: 'unsupported-media-type' },
        })
        expect(await send(json, { 'Content-Type': 'application/json; charset=utf-16' })).toMatchObject({ status: 415 })
        const large = await send(JSON.stringify({ ...valid, owner: 'x'.repeat(70_000) }), {})
        expect(large).toMatchObject({ status: 413, type: 'application/problem+json', body: { code: 'body-too-large' } })
      })

      it('is refused as a key that is too long', async () => {
        expect(
          (await bank.post('/api/accounts', { ...valid, email: 'key-200@example.com' }, { key: 'k'.repeat(200) })).status,
        ).toBe(201)
        for (const key of ['k'.repeat(201), 'clé']) {
          const answer = await bank.post('/api/accounts', { ...valid, email: 'key-201@example.com' }, { key })
          expect(answer).toMatchObject({ status: 400, body: { code: 'invalid-idempotency-key' } })
        }
      })

      it('that is no HTTP, or has headers without end, gets a problem, too', async () => {
        expect(await sendRaw(bank.url, 'NONSENSE\r\n\r\n')).toMatch(
          /^HTTP\/1\.1 400 [\s\S]*application\/problem\+json[\s\S]*"bad-request"/,
        )
        const endless = `POST /api/accounts HTTP/1.1\r\nHost: bank\r\nIdempotency-Key: ${'k'.repeat(20_000)}\r\n\r\n`
        expect(await sendRaw(bank.url, endless)).toMatch(
          /^HTTP\/1\.1 431 [\s\S]*application\/problem\+json[\s\S]*"headers-too-large"/,
        )
      })

      it('at an address where nothing is gets a problem, too', async () => {
        for (const path of ['/api', '/api/accounts', '/api/nothing', '/%00', '/api/accounts/1/2/3']) {
          expect(await bank.get(path)).toMatchObject({
            status: 404,
            type: 'application/problem+json',
            body: { code: 'not-found' },
          })
        }
      })
    })

    it('tells how it is', async () => {
      const health = await eventually(async () => {
        const answer = await bank.get('/health')
        return answer.body.subscriptions.every(({ lag }: { lag: number }) => lag === 0) && answer
      }, 'a lag of 0')
      expect(health).toMatchObject({ status: 200, body: { status: 'up', store: { status: 'up' } } })
      expect(health.body.subscriptions).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ name: 'account-balances@2', checkpoint: expect.any(Number), lag: 0 }),
          expect.objectContaining({ name: 'account-mails', checkpoint: expect.any(Number), lag: 0 }),
        ]),
      )
    })

    it('finishes the requests under way when it stops', async () => {
      const customer = await bank.customer(inbox)
      const asked = times(20, (index) => bank.deposit(customer, 1, `stop-${index}`).catch(() => undefined))
      await bank.stop()
      const answers = (await asked).filter((answer) => answer !== undefined)
      expect(answers.every(({ status }) => status === 200 || status === 503)).toBe(true)
      bank = await start()
      const deposited = answers.filter(({ status }) => status === 200).length
      const { body } = await bank.deposit(customer, 1)
      expect(body.balance).toBeGreaterThanOrEqual(100_000 + deposited + 1)
    })
  })

  describe(`the bank on ${storage} without a mail server`, () => {
    let place: Place
    let bank: TestBank
    const start = async () => startTestBank({ storage: await place.openStorage() })
    beforeAll(async () => {
      place = await create()
      bank = await start()
    })
    afterAll(async () => {
      await bank?.stop()
      await place?.close()
    })
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
      await bank.stop()
      bank = await start()
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
