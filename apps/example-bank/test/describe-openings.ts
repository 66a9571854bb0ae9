import { randomBytes } from 'node:crypto'
import { silentLogger } from '@writ/event-store'
import { AccountNumbers } from '../src/account/account-number.js'
import { VerificationCodes } from '../src/account/verification-code.js'
import { opening, times, withStatus } from './bank-client.js'
import { bankOfTests } from './restartable-bank.js'
import { startTestBank } from './running-bank.js'
import { SmtpInbox } from './smtp-inbox.js'
import type { TestStorage } from './test-place.js'

/** How an account is opened over HTTP, for every storage that the bank runs on. */
export function describeOpenings({ storage, create }: TestStorage): void {
  describe(`the bank on ${storage}`, () => {
    const inbox = new SmtpInbox()
    const bank = bankOfTests(create, inbox)

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
  })
}
