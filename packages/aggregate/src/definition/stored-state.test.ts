import { DepositMoney, MoneyDeposited, MoneyWithdrawn } from '../../test/account.js'
import { Aggregate, Apply, aggregate, aggregateOf, Handle, model, rowsOf, type StoredState } from '../index.js'

const storedIn = rowsOf({ table: 'accounts', key: 'account' })

const parts = {
  category: 'account',
  identity: 'account',
  commands: [DepositMoney],
  events: [MoneyDeposited],
  initialState: { balance: 0 },
  decide: { 'deposit-money': () => undefined },
  evolve: { 'money-deposited': () => ({ balance: 0 }) },
} as const

describe('a state-stored aggregate that can’t work', () => {
  it.each([
    ['snapshots', { storedIn, snapshotEvery: 5 }, 'the row is its snapshot'],
    ['a lifespan', { storedIn, lifespan: 5 }, 'its state is read anew'],
    ['a storedIn without functions', { storedIn: {} as StoredState<never> }, "no function 'load'"],
  ])('is refused for %s', (_, more, why) => {
    expect(() => aggregate({ ...parts, ...more } as never)).toThrow(
      expect.objectContaining({ code: 'invalid-aggregate', message: expect.stringContaining(why) }),
    )
  })

  it('is refused for events that only tell, where others change the state', () => {
    @Aggregate({ category: 'mixed', identity: 'account', storedIn, events: [MoneyWithdrawn] })
    class Mixed {
      balance = 0

      @Handle(DepositMoney)
      deposit(_command: DepositMoney) {}

      @Apply(MoneyDeposited)
      deposited(_event: MoneyDeposited) {}
    }
    expect(() => aggregateOf(Mixed)).toThrow(expect.objectContaining({ code: 'invalid-aggregate', aggregate: 'Mixed' }))
  })

  it('is refused for events that only tell of a row that there is not', () => {
    @Aggregate({ category: 'rowless', identity: 'account', events: [MoneyWithdrawn] })
    class Rowless {
      @Handle(DepositMoney)
      deposit(_command: DepositMoney) {}
    }
    expect(() => aggregateOf(Rowless)).toThrow(expect.objectContaining({ code: 'invalid-aggregate', aggregate: 'Rowless' }))
  })

  it('is refused for an option that a model has not', () => {
    const given = {
      category: 'account',
      identity: 'account',
      storedIn,
      commands: [],
      initialState: {},
      decide: {},
      snapshotEvery: 5,
    }
    expect(() => model(given as never)).toThrow(expect.objectContaining({ code: 'invalid-option', option: 'snapshotEvery' }))
  })

  it('is refused for a model without a first state', () => {
    const given = { category: 'account', identity: 'account', storedIn, commands: [], decide: {} }
    expect(() => model(given as never)).toThrow(
      expect.objectContaining({ code: 'invalid-aggregate', why: expect.stringContaining("'initialState'") }),
    )
  })

  it('is refused for a model that misses a command', () => {
    const given = { category: 'account', identity: 'account', storedIn, commands: [DepositMoney], initialState: {}, decide: {} }
    expect(() => model(given as never)).toThrow(expect.objectContaining({ code: 'invalid-aggregate' }))
  })
})

describe('rows of states', () => {
  it('are mapped by functions, where columns are none of the fields', async () => {
    const rows = rowsOf({
      table: 'accounts',
      key: 'account',
      version: 'seen',
      fromRow: ({ cents }) => ({ balance: Number(cents) / 100 }),
      toRow: ({ balance }) => ({ cents: balance * 100 }),
    })
    const written: object[] = []
    const table = {
      lock: async () => ({ account: 'ann', cents: '250', seen: 3 }),
      find: async () => undefined,
      insert: async (key: string, row: object) => written.push({ key, ...row }) > 0,
      update: async (key: string, row: object) => written.push({ key, ...row }) > 0,
    }
    const transaction = { rows: () => table } as never
    expect(await rows.load(transaction, 'ann')).toEqual({ state: { balance: 2.5 }, version: 3 })
    expect(await rows.read(transaction, 'ann')).toBeUndefined()
    await rows.update(transaction, 'ann', { state: { balance: 1 }, version: 4 })
    await rows.insert(transaction, 'bob', { state: { balance: 2 }, version: 1 })
    expect(written).toEqual([
      { key: 'ann', cents: 100, seen: 4 },
      { key: 'bob', cents: 200, seen: 1 },
    ])
  })
})
