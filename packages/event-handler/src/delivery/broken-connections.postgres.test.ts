import { closingAfterEach, RecordingLogger, testDatabase, until } from '@writ/build-tools'
import { type EventStore, EventTypes } from '@writ/event-store'
import { postgresEventStore, type SqlTransaction } from '@writ/event-store-postgres'
import pg from 'pg'
import { append, appendDeposits, Deposited, deposited, Withdrawn, withdrawn } from '../../test/bank-events.js'
import { TcpProxy } from '../../test/tcp-proxy.js'
import { eventHandler, on, projection, retryThenStop, Subscriptions } from '../index.js'

const events = new EventTypes([Deposited, Withdrawn])

describe('subscriptions on PostgreSQL', () => {
  const { connectionString } = testDatabase()
  const pool = new pg.Pool({ connectionString, max: 2 })
  const closeLater = closingAfterEach()
  afterAll(() => pool.end())

  async function open(through = connectionString) {
    const { schema } = testDatabase()
    const readModel = testDatabase().schema
    await pool.query(`create schema ${readModel}`)
    // A side door to the same log, which no trouble of the test reaches.
    const outside = postgresEventStore({ connectionString, schema, poolSize: 2 })
    await outside.start()
    closeLater(() => outside.stop())
    const url = new URL(through)
    url.searchParams.set('application_name', schema)
    const store = postgresEventStore({ connectionString: url.href, schema, poolSize: 4 })
    await store.start()
    closeLater(() => store.stop())
    const logger = new RecordingLogger()
    const start = async (...definitions: Parameters<Subscriptions['add']>[0][]) => {
      const subscriptions = new Subscriptions({ store, events, logger, leaseMilliseconds: 2_000 })
      for (const definition of definitions) subscriptions.add(definition)
      await subscriptions.start()
      closeLater(() => subscriptions.stop())
      return subscriptions
    }
    const ledger = projection<SqlTransaction>({
      name: 'ledger',
      consistency: 'strong',
      setUp: ({ sql }) => sql`create table if not exists ${sql.identifier(readModel, 'ledger')} (position bigint, amount bigint)`,
      on: [
        on(
          Deposited,
          ({ amount }, { sql, event: { position } }) =>
            sql`insert into ${sql.identifier(readModel, 'ledger')} (position, amount) values (${position}, ${amount})`,
        ),
      ],
    })
    const amounts = async (): Promise<number[]> => {
      // The projection makes its table before the first event is handled; whoever looks earlier finds none.
      const { rows: tables } = await pool.query('select to_regclass($1) as ledger', [`${readModel}.ledger`])
      if (tables[0].ledger === null) return []
      return (await pool.query(`select amount::int from ${readModel}.ledger order by amount`)).rows.map(({ amount }) => amount)
    }
    const terminate = (state = '%') =>
      pool.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 and coalesce(state, $2) like $2',
        [schema, state],
      )
    return { schema, readModel, store: outside as EventStore, logger, start, ledger, amounts, terminate }
  }

  const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

  it('count each event once in a projection while their connections are terminated again and again', async () => {
    const { store, start, ledger, amounts, terminate } = await open()
    const subscriptions = await start(ledger)
    let isEnding = false
    const terminating = (async () => {
      while (!isEnding) {
        await terminate()
        await new Promise((resolve) => setTimeout(resolve, 150))
      }
    })()
    for (let done = 0; done < 60; done++) {
      const size = 50
      await append(store, ...Array.from({ length: size }, (_, index) => deposited(done * size + index + 1)))
    }
    await until('some were handled under fire', async () => (await amounts()).length > 0)
    isEnding = true
    await terminating
    await until('all were handled', async () => (await amounts()).length >= 3_000)
    expect(await amounts()).toEqual(upTo(3_000))
    await until('it runs', () => subscriptions.status()[0]!.state === 'running')
  })

  it('do not skip or stop when connections are cut under their handlers’ statements', async () => {
    const { store, start, readModel, amounts, terminate } = await open()
    await pool.query(`create table ${readModel}.ledger (amount bigint)`)
    let terminations = 0
    const fragile = projection<SqlTransaction>({
      name: 'fragile',
      onError: () => 'skip',
      on: [
        on(Deposited, async ({ amount }, { sql }) => {
          await sql`insert into ${sql.identifier(readModel, 'ledger')} (amount) values (${amount})`
          if (amount === 2 && terminations++ < 3) {
            await terminate('idle in transaction')
            await sql`select 1`
          }
        }),
      ],
    })
    const subscriptions = await start(fragile)
    await append(store, deposited(1), deposited(2), deposited(3))
    await until('all were handled', async () => (await amounts()).length === 3)
    expect(await amounts()).toEqual([1, 2, 3])
    expect(terminations).toBe(4)
    expect(subscriptions.status()).toMatchObject([{ skipped: 0 }])
  })

  it('roll back a page when one of its events fails, and do it again event by event', async () => {
    const { store, start, readModel, amounts } = await open()
    await pool.query(`create table ${readModel}.ledger (amount bigint check (amount <> 7))`)
    const checked = projection<SqlTransaction>({
      name: 'checked',
      onError: retryThenStop({ attempts: 2, firstDelay: 1 }),
      on: [
        on(
          Deposited,
          ({ amount }, { sql }) => sql`insert into ${sql.identifier(readModel, 'ledger')} (amount) values (${amount})`,
        ),
      ],
    })
    await appendDeposits(store, 10)
    const subscriptions = await start(checked)
    await until('it has stopped', () => subscriptions.status()[0]!.state === 'stopped')
    expect(await amounts()).toEqual([1, 2, 3, 4, 5, 6])
    expect(subscriptions.status()[0]!.checkpoint).toBe(6)
  })

  it('go on by themselves, with no further append, when the server comes back', async () => {
    const proxy = new TcpProxy(connectionString)
    await proxy.open()
    closeLater(() => proxy.cut())
    const { store, start, ledger, amounts, logger } = await open(proxy.connectionString)
    const seen: number[] = []
    const mails = eventHandler({ name: 'mails', on: [on(Deposited, ({ amount }) => void seen.push(amount))] })
    const subscriptions = await start(ledger, mails)
    await append(store, deposited(1))
    await subscriptions.waitFor((await store.head()).position, ['ledger', 'mails'], { timeout: 10_000 })
    expect(seen).toEqual([1])
    expect(await amounts()).toEqual([1])
    await proxy.cut()
    await append(store, deposited(2))
    await until('the status shows it', () => subscriptions.status().every(({ state }) => state === 'retrying'))
    // Longer than the lease: it expires, and is taken anew.
    await until('the lease has expired', async () => {
      const rows = await store.checkpoints.list()
      return rows.every(({ owner }) => owner === undefined)
    })
    expect(logger.at('warn').length).toBeGreaterThan(0)
    await proxy.open()
    await until('both have the second', async () => seen.includes(2) && (await amounts()).length === 2)
    expect(await amounts()).toEqual([1, 2])
    await until('the status shows that, too', () => subscriptions.status().every(({ state }) => state === 'running'))
  })

  it('are not kept from new events by a listener that is gone', async () => {
    const { store, start, schema } = await open()
    const seen: number[] = []
    await start(eventHandler({ name: 'mails', on: [on(Deposited, ({ amount }) => void seen.push(amount))] }))
    await append(store, deposited(1))
    await until('the first came', () => seen.length === 1)
    await pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 and query like 'listen%'`,
      [schema],
    )
    await append(store, deposited(2), withdrawn(1))
    await until('the second came', () => seen.length === 2)
  })
})
