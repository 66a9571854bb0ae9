import { On, Projection, type ProjectionContext } from '@writ/event-handler'
import type { SqlTransaction } from '@writ/event-store-postgres'
import { inject } from 'inversify'
import pg from 'pg'
import { MoneyReceived, MoneyReturned, MoneySent, WalletOpened } from './wallet.js'

/** What is in each wallet. Its two kinds keep that where their store keeps the events. */
export abstract class Balances {
  abstract find(wallet: string): Promise<number | undefined>
  protected abstract add(wallet: string, amount: number, context: object): Promise<void>

  @On(WalletOpened)
  opened({ wallet, balance }: WalletOpened, context: ProjectionContext) {
    return this.add(wallet, balance, context)
  }

  @On(MoneySent)
  sent({ wallet, amount }: MoneySent, context: ProjectionContext) {
    return this.add(wallet, -amount, context)
  }

  @On(MoneyReceived)
  received({ wallet, amount }: MoneyReceived, context: ProjectionContext) {
    return this.add(wallet, amount, context)
  }

  @On(MoneyReturned)
  returned({ wallet, amount }: MoneyReturned, context: ProjectionContext) {
    return this.add(wallet, amount, context)
  }
}

@Projection({ name: 'balances', version: 1 })
export class InMemoryBalances extends Balances {
  private readonly balances = new Map<string, number>()

  async find(wallet: string) {
    return this.balances.get(wallet)
  }

  protected async add(wallet: string, amount: number) {
    this.balances.set(wallet, amount + (this.balances.get(wallet) ?? 0))
  }
}

@Projection({ name: 'balances', version: 1 })
export class PostgresBalances extends Balances {
  constructor(@inject(pg.Pool) private readonly pool: pg.Pool) {
    super()
  }

  async setUp({ sql }: SqlTransaction) {
    await sql`create table if not exists balances (wallet text primary key, balance int not null)`
  }

  async find(wallet: string) {
    const { rows } = await this.pool.query<{ balance: number }>('select balance from balances where wallet = $1', [wallet])
    return rows[0]?.balance
  }

  protected async add(wallet: string, amount: number, { sql }: SqlTransaction) {
    await sql`
      insert into balances as known values (${wallet}, ${amount})
      on conflict (wallet) do update set balance = known.balance + excluded.balance`
  }
}
