import 'reflect-metadata'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Application } from '@writ/application'
import { silentLogger } from '@writ/event-store'
import { bankModule } from '../src/bank.module.js'
import { bankApi } from '../src/http/bank-api.js'
import { operations } from '../src/http/docs.routes.js'
import { openMemoryStorage } from '../src/storage/memory-storage.js'
import { type Answer, type Customer, linkIn } from './bank-client.js'
import { startTestBank, type TestBank } from './running-bank.js'

describe("the bank's document", () => {
  let bank: TestBank
  beforeAll(async () => {
    bank = await startTestBank({ storage: openMemoryStorage() })
  })
  afterAll(() => bank?.stop())

  it('is valid OpenAPI 3.1', async () => {
    const { status, type, body } = await bank.get('/openapi.json')
    expect([status, type, body.openapi]).toEqual([200, 'application/json', '3.1.1'])
    expect(await new Validator().validate(body)).toEqual({ valid: true })
    const ids = operations.map(({ method, path }) => body.paths[path][method].operationId)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('tells every route that there is, and no other', async () => {
    const storage = openMemoryStorage()
    const parts = bankModule({ storage, smtp: undefined, publicUrl: 'https://bank.example.com', clock: { now: () => 0 } })
    const { routes } = bankApi(
      await Application.create({ store: storage.store, modules: [parts] }),
      silentLogger,
      new AbortController().signal,
    )
    const forPeople = ['/', '/docs', '/docs/try.js', '/openapi.json', '/mailbox']
    const there = routes
      .filter(({ method, path }) => method !== 'ALL' && !forPeople.includes(path))
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`)
    const told = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`)
    expect([...new Set(there)].sort()).toEqual(told.sort())
  })

  it('is made of the schemas that the routes check with', async () => {
    const { paths } = (await bank.get('/openapi.json')).body
    const opening = paths['/api/accounts'].post.requestBody.content['application/json']
    expect(opening.schema).toMatchObject({
      required: ['email', 'password', 'owner'],
      additionalProperties: false,
      properties: { password: { minLength: 8, maxLength: 200 } },
    })
    expect((await bank.post('/api/accounts', opening.example)).status).toBe(201)
    expect(paths['/api/reports/transactions'].get.parameters.slice(0, 3)).toMatchObject([
      { name: 'year', in: 'query', required: true },
      { name: 'month', in: 'query', required: false },
      { name: 'day', in: 'query', required: false },
    ])
  })

  it('tells the truth: what is really answered fits it, success and problem', async () => {
    const { components } = (await bank.get('/openapi.json')).body
    const asked = new Set<string>()
    const fits = (route: string, answer: Answer): Answer => {
      asked.add(route)
      const operation = operations.find(({ method, path }) => route === `${method} ${path}`)
      if (answer.status === operation?.answer.status) {
        expect(operation.answer.schema.safeParse(answer.body).error).toBeUndefined()
      } else {
        expect(operation?.problems).toContain(answer.status)
        const { schema } = components.responses.Problem.content['application/problem+json']
        expect(Object.keys(answer.body)).toEqual(expect.arrayContaining(schema.required))
      }
      return answer
    }
    const email = 'document@example.com'
    const password = 'correct horse'
    const opened = fits('post /api/accounts', await bank.post('/api/accounts', { email, password, owner: 'Owner One' }))
    fits('post /api/accounts', await bank.post('/api/accounts', { email, password, owner: 'Owner One' }))
    const { account } = opened.body
    const session = fits('post /api/sessions', await bank.post('/api/sessions', { account, password }))
    const customer: Customer = { account, email, password, token: session.body.token }
    fits('post /api/sessions', await bank.post('/api/sessions', { account, password: 'wrong horse' }))
    const link = linkIn((await bank.mailbox.mailTo(email, 'Verify')).text)
    fits('get /api/accounts/verify', await bank.get(link))
    fits('get /api/accounts/verify', await bank.get(link))
    fits('post /api/accounts/{account}/deposits', await bank.deposit(customer, 100))
    fits('post /api/accounts/{account}/deposits', await bank.deposit(customer, 0))
    const withdrawn = fits('post /api/accounts/{account}/withdrawals', await bank.withdraw(customer, 100))
    fits('post /api/accounts/{account}/withdrawals', await bank.withdraw(customer, 1_000_000))
    fits('get /api/accounts/{account}', await bank.account(customer, String(withdrawn.body.position)))
    fits('get /api/accounts/{account}', await bank.get(`/api/accounts/${account}?at=1`, { token: customer.token }))
    fits('get /api/accounts/{account}', await bank.get(`/api/accounts/${account}?at=99`, { token: customer.token }))
    const { transfer } = fits('post /api/transfers', await bank.transfer(customer, '9999999999', 100)).body
    fits('post /api/transfers', await bank.transfer(customer, account, 100))
    fits('get /api/transfers/{transfer}', await bank.get(`/api/transfers/${transfer}`, { token: customer.token }))
    fits('get /api/transfers/{transfer}', await bank.endOf(transfer, customer))
    for (const query of ['', '?limit=1', '?limit=0']) {
      const answer = await bank.get(`/api/accounts/${account}/statement${query}`, { token: customer.token })
      fits('get /api/accounts/{account}/statement', answer)
    }
    for (const query of ['?year=2026&month=11', '?year=x']) {
      fits('get /api/reports/transactions', await bank.get(`/api/reports/transactions${query}`))
    }
    for (const query of ['', '?days=x']) {
      fits('get /api/reports/inactive-accounts', await bank.get(`/api/reports/inactive-accounts${query}`))
    }
    fits('get /health', await bank.get('/health'))
    expect([...asked].sort()).toEqual(operations.map(({ method, path }) => `${method} ${path}`).sort())
  })

  it('can be tried on a page that takes nothing from anywhere else', async () => {
    const page = await bank.get('/') // whoever opens the bank in a browser is led there
    expect(page).toMatchObject({ status: 200, type: expect.stringContaining('text/html') })
    expect(page.headers.get('Content-Security-Policy')).toMatch(
      /^default-src 'none'; script-src 'self'; style-src 'sha256-[^']+'; connect-src 'self'; /,
    )
    const addresses = [...page.body.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) => address)
    expect(addresses.sort()).toEqual(['/docs/try.js', '/openapi.json'])
    const script = await bank.get('/docs/try.js')
    expect(script).toMatchObject({ status: 200, type: 'text/javascript; charset=utf-8' })
    for (const text of [page.body, script.body]) expect(text).not.toMatch(/https?:|innerHTML|eval\(| on\w+=/)
  })
})
