import 'reflect-metadata'
import { startTestBank, type TestBank } from './running-bank.js'
import { type Place, postgresPlace } from './test-place.js'

describe('two banks on one database', () => {
  let place: Place
  let banks: readonly [TestBank, TestBank]

  beforeAll(async () => {
    place = await postgresPlace()
    const start = async () => startTestBank({ storage: await place.openStorage() })
    banks = await Promise.all([start(), start()])
  })
  afterAll(async () => {
    await Promise.all((banks ?? []).map((bank) => bank.stop()))
    await place?.close()
  })

  const onBoth = <T>(count: number, ask: (bank: TestBank, index: number) => Promise<T>): Promise<T[]> =>
    Promise.all(Array.from({ length: count }, (_, index) => ask(banks[index % 2] as TestBank, index)))

  it('open exactly one account of twenty requests with one e-mail', async () => {
    const body = { email: 'raced@example.com', password: 'correct horse', owner: 'Owner One' }
    const answers = await onBoth(20, (bank) => bank.post('/api/accounts', body))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(answers.filter(({ body }) => body.code === 'email-taken')).toHaveLength(19)
  })

  it('let exactly twenty of thirty withdrawals of 5,000 from 100,000 succeed', async () => {
    const customer = await banks[0].customer(banks[0].mailbox)
    const answers = await onBoth(30, (bank) => bank.withdraw(customer, 5_000))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(20)
    expect(answers.filter(({ body }) => body.code === 'insufficient-funds')).toHaveLength(10)
  })

  it('give one key one effect and one reply', async () => {
    const customer = await banks[0].customer(banks[0].mailbox)
    const answers = await onBoth(20, (bank) => bank.deposit(customer, 700, 'salary'))
    for (const { status, body } of answers) expect([status, body]).toEqual([200, { ...answers[0]?.body, balance: 100_700 }])
    const opening = { email: 'keyed@example.com', password: 'correct horse', owner: 'Owner One' }
    const opened = await onBoth(6, (bank) => bank.post('/api/accounts', opening, { key: 'open' }))
    for (const { status, body } of opened) expect([status, body]).toEqual([201, opened[0]?.body])
  })

  it('take over from each other: what one writes, the other shows when it is asked to wait', async () => {
    const customer = await banks[0].customer(banks[0].mailbox)
    for (const [writer, reader] of [banks, [banks[1], banks[0]] as const]) {
      const deposited = await writer.deposit(customer, 1)
      const seen = await reader.account(customer, deposited.headers.get('Writ-Position'))
      expect(seen.body.balance).toBe(deposited.body.balance)
    }
  })

  it('mail each withdrawal once, whichever of them mails', async () => {
    const customer = await banks[0].customer(banks[0].mailbox)
    const last = (await onBoth(6, (bank, index) => bank.withdraw(customer, index + 1))).at(-1)
    const { body } = await banks[1].get('/mailbox', {
      headers: { Accept: 'application/json', 'Writ-Wait-For': last?.headers.get('Writ-Position') ?? '' },
    })
    const mails = (body as { to: string; subject: string }[]).filter(({ to }) => to === customer.email)
    expect(mails.length).toBeGreaterThan(0)
    expect(new Set(mails.map(({ subject }) => subject)).size).toBe(mails.length)
  })
})
