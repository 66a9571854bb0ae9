// #region by-hand
import type { StoredState } from '@writ/aggregate'
import type { SqlTransaction } from '@writ/event-store-postgres'

interface Order {
  readonly customer: string
  readonly lines: readonly { readonly product: string; readonly amount: number }[]
}

type Found = { customer: string; version: number }

/** An order is a row of `orders`, and its lines are rows of `order_lines`. */
export const orderRows: StoredState<Order, SqlTransaction> = {
  async load({ sql }, id) {
    const [order] = await sql<Found>`select customer, version from orders where id = ${id} for update`
    return order && { version: order.version, state: { customer: order.customer, lines: await linesOf(sql, id) } }
  },
  async read({ sql }, id) {
    const [order] = await sql<Found>`select customer, version from orders where id = ${id}`
    return order && { version: order.version, state: { customer: order.customer, lines: await linesOf(sql, id) } }
  },
  async insert({ sql }, id, { state, version }) {
    await sql`insert into orders (id, customer, version) values (${id}, ${state.customer}, ${version})`
    await writeLines(sql, id, state)
  },
  async update({ sql }, id, { state, version }) {
    await sql`update orders set customer = ${state.customer}, version = ${version} where id = ${id}`
    await sql`delete from order_lines where order_id = ${id}`
    await writeLines(sql, id, state)
  },
}

type Sql = SqlTransaction['sql']

const linesOf = (sql: Sql, id: string) =>
  sql<Order['lines'][number]>`select product, amount from order_lines where order_id = ${id} order by product`

async function writeLines(sql: Sql, id: string, { lines }: Order): Promise<void> {
  for (const { product, amount } of lines)
    await sql`insert into order_lines (order_id, product, amount) values (${id}, ${product}, ${amount})`
}
// #endregion by-hand
