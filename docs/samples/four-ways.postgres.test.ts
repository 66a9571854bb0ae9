import { Application, module } from '@writ/application'
import { testDatabase } from '@writ/build-tools'
import { postgresEventStore } from '@writ/event-store-postgres'
import pg from 'pg'
import { describeFourWays } from './four-ways/describe-four-ways.js'
import { PayInvoices, payInvoices } from './four-ways/no-aggregate.js'
import { AddLine, order } from './four-ways/order.js'

const tables = `
  create table accounts (account text primary key, version bigint not null, balance bigint not null);
  create table prices (product text primary key, cents integer not null);
  create table invoices (customer text, cents integer, is_paid boolean default false);
  create table orders (id text primary key, customer text not null, version integer not null);
  create table order_lines (order_id text not null, product text not null, amount integer not null, primary key (order_id, product))`

const pools: pg.Pool[] = []
afterAll(() => Promise.all(pools.map((pool) => pool.end())))

async function open() {
  const { connectionString, schema } = testDatabase()
  const pool = new pg.Pool({ connectionString, options: `-c search_path=${schema}`, max: 4 })
  pools.push(pool)
  await pool.query(`create schema if not exists ${schema}; ${tables}`)
  const store = postgresEventStore({ pool, schema })
  const row = async (table: string, key: string) => {
    const { result } = await store.transaction(({ rows }) =>
      rows({ name: table, key: table === 'accounts' ? 'account' : 'product' }).find(key),
    )
    return result
  }
  return { store, row, pool }
}

describeFourWays('PostgreSQL', open)

describe('the four ways, with SQL of their own', () => {
  it('no aggregate: pays the open invoices once, and undoes what a refusal has changed', async () => {
    const { store, pool } = await open()
    const app = await Application.create({ store, modules: [module({ name: 'shop', commandHandlers: [payInvoices] })] })
    await app.start()
    await pool.query("insert into invoices values ('ann', 200), ('ann', 300), ('bob', 100)")
    const settled = await Promise.allSettled([1, 2].map(() => app.dispatch(new PayInvoices({ customer: 'ann' }))))
    const outcomes = settled.map((one) => (one.status === 'fulfilled' ? one.value.result.cents : one.reason.code))
    expect(new Set(outcomes)).toEqual(new Set([500, 'nothing-to-pay']))
    expect((await pool.query('select count(*)::integer from invoices where not is_paid')).rows).toEqual([{ count: 1 }])
    await app.stop()
  })

  it('a model spreads over tables of your own, by functions of your own', async () => {
    const { store, pool } = await open()
    const app = await Application.create({ store, modules: [module({ name: 'shop', aggregates: [order] })] })
    await app.start()
    const add = (product: string) => app.dispatch(new AddLine({ order: '7', customer: 'ann', product, amount: 1 }))
    await Promise.all(['tea', 'milk', 'sugar'].map(add))
    expect((await app.stateOf(order, '7')).state.lines.map(({ product }) => product)).toEqual(['milk', 'sugar', 'tea'])
    expect((await pool.query('select product from order_lines')).rows).toHaveLength(3)
    await app.stop()
  })
})
