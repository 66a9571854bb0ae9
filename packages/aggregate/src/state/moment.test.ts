import { systemRuntime } from '@writ/event-store'
import { InMemoryLog } from '@writ/event-store-memory'
import { DepositMoney, OpenAccount, spellings } from '../../test/account.js'
import { type Bank, bankOf } from '../../test/bank.js'
import type { AggregateDefinition } from '../index.js'

const account = 'ann'
const day = (number: number) => new Date(Date.UTC(2026, 0, number))

describe.each(spellings)('the state at a moment, of an aggregate that is $spelling', ({ account: plain }) => {
  const definition: AggregateDefinition = { ...plain, snapshots: undefined } as AggregateDefinition
  let bank: Bank
  let now = 0
  let positions: number[]

  // Opened on the first of January, then 1, 2, 3 … deposited, one a day; another account's events lie between.
  beforeAll(async () => {
    bank = await bankOf(definition, { log: new InMemoryLog({ runtime: { ...systemRuntime, now: () => now } }) })
    positions = []
    for (let number = 1; number <= 9; number++) {
      now = day(number).getTime()
      const command =
        number === 1 ? new OpenAccount({ account, owner: 'Ann' }) : new DepositMoney({ account, amount: number - 1 })
      positions.push((await bank.execute(command)).position)
      await bank.execute(new OpenAccount({ account: `other-${number}`, owner: 'Bob' }))
    }
  })

  const at = (moment: object) => bank.aggregates.stateOf(definition, account, moment as { version: number })
  const balanceAt = async (moment: object) => (await at(moment)).state

  it.each([1, 2, 5, 8, 9])('is that of version %i, whichever of its clocks says so', async (version) => {
    const expected = { version, position: positions[version - 1], state: { balance: ((version - 1) * version) / 2 } }
    expect(await at({ version })).toMatchObject(expected)
    expect(await at({ position: positions[version - 1] })).toMatchObject(expected)
    expect(await at({ position: (positions[version - 1] ?? 0) + 1 })).toMatchObject(expected)
    expect(await at({ date: day(version) })).toMatchObject(expected)
    expect(await at({ date: new Date(day(version + 1).getTime() - 1) })).toMatchObject(expected)
  })

  it('is the first one before the first event, and of a stream that is absent', async () => {
    for (const moment of [{ version: 0 }, { position: 0 }, { date: day(0) }]) {
      expect(await at(moment)).toMatchObject({ version: 0, position: 0, state: { balance: 0 } })
    }
    expect(await bank.aggregates.stateOf(definition, 'nobody', { date: day(5) })).toMatchObject({ version: 0 })
  })

  it('is the newest one where the stream has not come so far', async () => {
    for (const moment of [{ version: 10 }, { position: 1_000 }, { date: day(99) }]) expect((await at(moment)).version).toBe(9)
  })

  it('is refused for what is no moment', async () => {
    for (const moment of [
      { version: -1 },
      { version: 1.5 },
      { position: Number.NaN },
      { date: new Date('x') },
      { date: '2026' },
    ]) {
      await expect(balanceAt(moment)).rejects.toMatchObject({ code: 'invalid-option', subject: 'stateOf' })
    }
  })
})
