import { opening, sendRaw } from './bank-client.js'
import { bankOfTests } from './restartable-bank.js'
import type { TestStorage } from './test-place.js'

/** What is said of requests that are wrong in themselves, for every storage that the bank runs on. */
export function describeInput({ storage, create }: TestStorage): void {
  describe(`the bank on ${storage}`, () => {
    const bank = bankOfTests(create)

    describe('wrong input', () => {
      const valid = opening('input@example.com')

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
  })
}
