// The code that Writ was designed for, as far as it goes now, compiled and run: aggregate, handler with injected services, projection, main.
import 'reflect-metadata'
import { Aggregate, Apply, decided, Handle, type Handling } from '@writ/aggregate'
import { testDatabase } from '@writ/build-tools'
import { CommandHandler } from '@writ/command-router'
import { On, Projection, type ProjectionContext } from '@writ/event-handler'
import { Command, DomainError, Event } from '@writ/event-store'
import { postgresEventStore, type SqlTransaction } from '@writ/event-store-postgres'
import { inject } from 'inversify'
import pg from 'pg'
import { z } from 'zod'
import { Application } from './application.js'
import { module } from './module.js'

const AccountNumber = z.string().regex(/^\d{10}$/)
const Cents = z.int().positive()
const TransferId = z.uuid()

class AccountOpened extends Event(
  'account-opened',
  z.object({ account: AccountNumber, email: z.email(), owner: z.string(), balance: Cents }),
  { tags: ({ email }) => [`email:${email}`] },
) {}
class MoneyDeposited extends Event(
  'money-deposited',
  z.object({ account: AccountNumber, amount: Cents, transfer: TransferId.optional() }),
) {}

class DepositMoney extends Command(
  'deposit-money',
  z.object({ account: AccountNumber, amount: Cents, transfer: TransferId.optional() }),
) {}
class OpenAccount extends Command(
  'open-account',
  z.object({ account: AccountNumber, email: z.email(), owner: z.string(), password: z.string() }),
  { result: z.object({ account: AccountNumber }) },
) {}

class AccountNotOpen extends DomainError<'account-not-open'> {
  constructor(account: string) {
    super('account-not-open', `The account ${account} is not open.`, { account })
  }
}
class EmailTaken extends DomainError<'email-taken'> {
  constructor() {
    super('email-taken', 'There is an account for this e-mail.')
  }
}

@Aggregate({ category: 'account', identity: 'account', snapshotEvery: 500 })
class Account {
  balance = 0
  status: 'absent' | 'open' = 'absent'

  @Handle(DepositMoney)
  deposit({ account, amount, transfer }: DepositMoney) {
    if (this.status !== 'open') throw new AccountNotOpen(account)
    return new MoneyDeposited({ account, amount, transfer })
  }

  @Apply(AccountOpened)
  opened({ balance }: AccountOpened) {
    this.status = 'open'
    this.balance = balance
  }

  @Apply(MoneyDeposited)
  deposited({ amount }: MoneyDeposited) {
    this.balance += amount
  }
}

class PasswordHasher {
  readonly hashed: string[] = []

  async keep(account: string, _password: string) {
    this.hashed.push(account)
  }
}

@CommandHandler(OpenAccount, { aggregate: Account, boundary: ({ email }) => ({ tags: [`email:${email}`] }) })
class OpenAccountHandler {
  constructor(@inject(PasswordHasher) private readonly passwords: PasswordHasher) {}

  async handle(_account: Account, { account, email, owner, password }: OpenAccount, { boundary }: Handling) {
    if (boundary.length > 0) throw new EmailTaken()
    await this.passwords.keep(account, password)
    return decided(new AccountOpened({ account, email, owner, balance: 100_000 }), { account })
  }
}

const { connectionString, schema } = testDatabase()

@Projection({ name: 'account-balances', version: 1, consistency: 'strong' })
class AccountBalances {
  async setUp({ sql }: SqlTransaction) {
    await sql`create table if not exists account_balances (account text primary key, balance bigint not null)`
  }

  @On(AccountOpened)
  async opened({ account, balance }: AccountOpened, { sql }: ProjectionContext<SqlTransaction>) {
    await sql`insert into account_balances values (${account}, ${balance})`
  }

  @On(MoneyDeposited)
  async deposited({ account, amount }: MoneyDeposited, { sql }: ProjectionContext<SqlTransaction>) {
    await sql`update account_balances set balance = balance + ${amount} where account = ${account}`
  }
}

const bank = module({
  name: 'bank',
  aggregates: [Account],
  commandHandlers: [OpenAccountHandler],
  projections: [AccountBalances],
  bindings: (container) => void container.bind(PasswordHasher).toSelf(),
})

describe('the code that Writ was designed for', () => {
  const pool = new pg.Pool({ connectionString, options: `-c search_path=${schema}_read,public` })
  let app: Application

  beforeAll(async () => {
    await pool.query(`create schema ${schema}_read`)
    app = await Application.create({ store: postgresEventStore({ pool, schema }), modules: [bank] })
    await app.start()
  })
  afterAll(async () => {
    await app.stop()
    await pool.query(`drop schema ${schema}_read cascade`)
    await pool.end()
  })

  it('opens an account, deposits, and reads the balance from a projection', async () => {
    const account = '0000000001'
    const opened = await app.dispatch(
      new OpenAccount({ account, email: 'one@example.com', owner: 'Owner One', password: 'secret' }),
    )
    expect(opened.result).toEqual({ account })
    const { version, position } = await app.dispatch(new DepositMoney({ account, amount: 500 }), { consistency: 'strong' })
    expect({ version, position }).toEqual({ version: 2, position: 2 })
    const { rows } = await pool.query('select * from account_balances')
    expect(rows).toEqual([{ account, balance: '100500' }])
    expect((await app.stateOf(Account, account)).state).toMatchObject({ balance: 100_500, status: 'open' })
  })

  it('opens one account an e-mail, also when twenty ask at once', async () => {
    const attempts = Array.from({ length: 20 }, (_, index) =>
      app.dispatch(
        new OpenAccount({
          account: `${1_000_000_000 + index}`,
          email: 'two@example.com',
          owner: 'Owner Two',
          password: 'secret',
        }),
      ),
    )
    const outcomes = await Promise.allSettled(attempts)
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'email-taken' })
  })

  it('refuses a deposit into an account that is not open', async () => {
    const account = '0000000009'
    await expect(app.dispatch(new DepositMoney({ account, amount: 500 }))).rejects.toMatchObject({
      code: 'account-not-open',
      facts: { account },
    })
  })
})
