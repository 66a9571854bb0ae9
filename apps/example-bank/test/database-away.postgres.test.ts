import 'reflect-metadata'
import { silentLogger } from '@writ/event-store'
import { openPostgresStorage } from '../src/storage/postgres-storage.js'
import { type Customer, eventually } from './bank-client.js'
import { startTestBank, type TestBank } from './running-bank.js'
import { SmtpInbox } from './smtp-inbox.js'
import { TcpProxy } from './tcp-proxy.js'
import { createDatabase } from './test-place.js'

describe('while the database is away', () => {
  const inbox = new SmtpInbox()
  let database: Awaited<ReturnType<typeof createDatabase>>
  let proxy: TcpProxy
  let bank: TestBank
  let customer: Customer

  beforeAll(async () => {
    await inbox.start()
    database = await createDatabase()
    const { hostname, port } = new URL(database.connectionString)
    proxy = new TcpProxy({ host: hostname, port: Number(port || 5_432) })
    await proxy.open()
    const storage = await openPostgresStorage({
      connectionString: proxy.through(database.connectionString),
      logger: silentLogger,
    })
    bank = await startTestBank({ storage, smtpUrl: inbox.url })
    customer = await bank.customer(inbox)
  })
  afterAll(async () => {
    await bank?.stop()
    await proxy?.cut()
    await database?.drop()
    await inbox.stop()
  })

  it('the bank says so, and is well again by itself when it is back', async () => {
    await bank.withdraw(customer, 100, 'before')
    await proxy.cut()

    const health = await bank.get('/health')
    expect(health).toMatchObject({ status: 503, body: { status: 'down', store: { status: 'down' } } })
    expect(JSON.stringify(health.body)).not.toContain(new URL(database.connectionString).password || 'no password')

    const refused = await bank.deposit(customer, 500, 'while away')
    expect(refused).toMatchObject({ status: 503, type: 'application/problem+json', body: { code: 'store-unavailable' } })
    expect(refused.headers.get('Retry-After')).toBe('1')
    expect(await bank.account(customer)).toMatchObject({ status: 503, body: { code: 'store-unavailable' } })

    await proxy.open()
    // Nothing is appended from here on: what catches up does so on its own.
    await eventually(async () => {
      const { status, body } = await bank.get('/health')
      return status === 200 && body.status === 'up' && body.subscriptions.every(({ lag }: { lag: number }) => lag === 0)
    }, 'a bank that is well')
    await inbox.mailTo(customer.email, '$1.00 withdrawn')

    expect(await bank.deposit(customer, 500, 'while away')).toMatchObject({ status: 200, body: { balance: 100_400 } })
    expect(await bank.withdraw(customer, 100, 'before')).toMatchObject({ status: 200, body: { balance: 99_900 } })
  })

  it('and it only hangs, health answers all the same', async () => {
    proxy.freeze()
    const start = Date.now()
    expect(await bank.get('/health')).toMatchObject({ status: 503, body: { status: 'down' } })
    expect(Date.now() - start).toBeLessThan(15_000)
    await proxy.cut()
    await proxy.open()
    await eventually(async () => (await bank.get('/health')).status === 200, 'a bank that is well')
  })
})
