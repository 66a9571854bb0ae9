import 'reflect-metadata'
import type { Health } from '@writ/application'
import { Projection, type ReadModelContext } from '@writ/event-handler'
import { silentLogger } from '@writ/event-store'
import type { SqlTransaction } from '@writ/event-store-postgres'
import pg from 'pg'
import { AccountBalanceProjection } from '../src/account/account-balance.projection.js'
import { ACCOUNT_BALANCES } from '../src/account/account-balances.js'
import { openPostgresStorage } from '../src/storage/postgres-storage.js'
import { type Customer, eventually } from './bank-client.js'
import { startTestBank, type TestBank } from './running-bank.js'
import { createDatabase } from './test-place.js'

/** The next release's balances: nothing but the number is another one. */
@Projection({ name: ACCOUNT_BALANCES, version: 3, schema: 'bank', consistency: 'strong' })
class NextAccountBalanceProjection extends AccountBalanceProjection {}

describe("a release that raises the balances' version, while the one before still serves", () => {
  let connectionString: string
  let drop: () => Promise<void>
  const banks: TestBank[] = []
  let customers: readonly Customer[]
  const ending = new AbortController()

  const start = async (Balances: typeof AccountBalanceProjection) => {
    const storage = await openPostgresStorage({ connectionString, logger: silentLogger })
    const others = storage.projections.filter((projection) => projection !== AccountBalanceProjection)
    const bank = await startTestBank({ storage: { ...storage, projections: [Balances, ...others] } })
    banks.push(bank)
    return bank
  }
  const health = async (bank: TestBank) => (await bank.get('/health')).body as Health
  const balances = async (bank: TestBank) =>
    (await health(bank)).readModels.find(({ name }) => name === ACCOUNT_BALANCES) ?? { live: undefined, serving: undefined }
  const isLive = (bank: TestBank, version: number) =>
    eventually(async () => (await balances(bank)).live === version, `version ${version} of the balances live`)
  const one = (of: readonly Customer[]) => of[Math.floor(Math.random() * of.length)] as Customer

  beforeAll(async () => {
    ;({ connectionString, drop } = await createDatabase())
  })
  afterAll(async () => {
    ending.abort()
    await Promise.all(banks.map((bank) => bank.stop()))
    await drop?.()
  })

  it('fails no read and shows no old balance again: old and new code answer alike, after the swap and after a roll-back', async () => {
    const before = await start(AccountBalanceProjection)
    customers = await Promise.all(Array.from({ length: 4 }, () => before.customer(before.mailbox)))
    for (let amount = 1; amount <= 100; amount++) await before.deposit(one(customers), amount)

    const failed: unknown[] = []
    const positions = new Map<string, string | null>()
    const untilTheEnd = async (step: () => Promise<void>) => {
      while (!ending.signal.aborted) await step()
    }
    const write = () =>
      untilTheEnd(async () => {
        const customer = one(customers)
        const deposited = await before.deposit(customer, 1)
        if (deposited.status !== 200) failed.push(deposited)
        positions.set(customer.account, deposited.headers.get('Writ-Position'))
      })
    let reads = 0
    const read = (bank: TestBank) => {
      const versions = new Map<string, number>()
      return untilTheEnd(async () => {
        const customer = one(customers)
        const answer = await bank.account(customer, Math.random() < 0.5 ? positions.get(customer.account) : undefined)
        if (answer.status !== 200 || answer.body.version < (versions.get(customer.account) ?? 0)) failed.push(answer)
        versions.set(customer.account, answer.body.version)
        reads++
      })
    }
    const under = [write(), read(before)]

    const after = await start(NextAccountBalanceProjection)
    // As a load balancer does, which sends nobody to a bank that says that it is down.
    await eventually(async () => (await after.get('/health')).status === 200, 'a new bank that is ready')
    under.push(read(after))
    for (const bank of [before, after]) await isLive(bank, 3)
    expect([(await balances(before)).serving, (await balances(after)).serving]).toEqual([2, 3])
    const atSwap = reads
    await eventually(() => reads > atSwap + 100, 'a hundred reads after the swap')

    await after.application.projections.rollBack(ACCOUNT_BALANCES)
    for (const bank of [before, after]) await isLive(bank, 2)
    const atRollBack = reads
    await eventually(() => reads > atRollBack + 100, 'a hundred reads after the roll-back')

    ending.abort()
    await Promise.all(under)
    expect(failed).toEqual([])
    for (const customer of customers) {
      const [old, next] = await Promise.all(
        [before, after].map((bank) => bank.account(customer, positions.get(customer.account))),
      )
      expect(old).toMatchObject({ status: 200, body: { account: customer.account } })
      expect(next?.body).toEqual(old?.body)
    }
    const client = new pg.Client({ connectionString })
    await client.connect()
    const rowsOf = async (version: number) =>
      (await client.query(`select * from bank.account_balances_v${version} order by account`)).rows
    await eventually(
      async () => JSON.stringify(await rowsOf(3)) === JSON.stringify(await rowsOf(2)),
      'the same rows in both tables',
    )
    await client.end()
  })

  it('answers 503 while the only version that a bank has is being built, and serves by itself when it is', async () => {
    let goOn = () => {}
    const built = new Promise<void>((resolve) => {
      goOn = resolve
    })
    @Projection({ name: ACCOUNT_BALANCES, version: 4, schema: 'bank', consistency: 'strong' })
    class SlowAccountBalanceProjection extends AccountBalanceProjection {
      override async setUp(context: ReadModelContext<SqlTransaction>) {
        await built
        await super.setUp(context)
      }
    }
    const [customer] = customers as [Customer]
    const slow = await start(SlowAccountBalanceProjection)
    const refused = await slow.account(customer)
    expect(refused).toMatchObject({ status: 503, type: 'application/problem+json', body: { code: 'read-model-not-ready' } })
    expect(refused.headers.get('Retry-After')).toBe('1')
    expect(await slow.get('/health')).toMatchObject({ status: 503, body: { status: 'down' } })
    goOn()
    await isLive(slow, 4)
    expect(await slow.account(customer)).toMatchObject({ status: 200, body: { account: customer.account } })
  })
})
