import { Command, Event, EventTypes, newEvent, newLink, systemRuntime } from '@writ/event-store'
import { InMemoryLog, inMemoryEventStore } from '@writ/event-store-memory'
import { z } from 'zod'
import { bankOf } from '../../test/bank.js'
import { Aggregate, type AggregateDefinition, Apply, aggregateOf, Handle, type Moment } from '../index.js'

class MoneyDeposited extends Event('money-deposited', z.object({ account: z.string(), amount: z.int() })) {}
class BalanceCarriedForward extends Event('balance-carried-forward', z.object({ account: z.string(), balance: z.int() }), {
  summary: true,
}) {}
class DepositMoney extends Command('deposit-money', z.object({ account: z.string(), amount: z.int() })) {}
class CarryForward extends Command('carry-forward', z.object({ account: z.string() })) {}

@Aggregate({ category: 'account', identity: 'account' })
class Account {
  balance = 0

  @Handle(DepositMoney)
  deposit({ account, amount }: DepositMoney) {
    return new MoneyDeposited({ account, amount })
  }

  @Handle(CarryForward)
  carry({ account }: CarryForward) {
    return new BalanceCarriedForward({ account, balance: this.balance })
  }

  @Apply(MoneyDeposited)
  deposited({ amount }: MoneyDeposited) {
    this.balance += amount
  }

  @Apply(BalanceCarriedForward)
  carried({ balance }: BalanceCarriedForward) {
    this.balance = balance
  }
}

const plain = aggregateOf(Account)
const json = {
  toJson: ({ balance }: Account) => ({ balance }),
  fromJson: (state: { balance: number }) => Object.assign(new Account(), state),
}
const withSnapshots = (version: number): AggregateDefinition =>
  ({ ...plain, snapshots: { every: 5, version, ...json } }) as unknown as AggregateDefinition
const stream = 'account-ann'
const account = 'ann'
const deposit = new DepositMoney({ account, amount: 1 })

async function process(log: InMemoryLog, definition: AggregateDefinition = plain as AggregateDefinition) {
  const bank = await bankOf(definition, { log, events: new EventTypes([MoneyDeposited, BalanceCarriedForward]) })
  return {
    ...bank,
    deposits: async (count: number) => {
      for (let done = 0; done < count; done++) await bank.execute(deposit)
    },
    balance: async (at?: Moment) => {
      const { state, version } = await bank.aggregates.stateOf(definition, account, at)
      return [(state as Account).balance, version]
    },
  }
}

describe('An aggregate whose books were closed before a summary', () => {
  // Versions 1 to 10 are deposits, 11 is the summary, 12 and 13 are deposits.
  async function closed() {
    const log = new InMemoryLog()
    const { deposits, execute, store } = await process(log)
    await deposits(10)
    const dateBefore = new Date()
    await execute(new CarryForward({ account }))
    await deposits(2)
    await store.streams.truncate(stream, { before: 11 })
    return { log, dateBefore, there: await process(log) }
  }

  it('has the same state as before, and goes on', async () => {
    const { there } = await closed()
    expect(await there.balance()).toEqual([12, 13])
    await there.deposits(1)
    expect(await there.balance()).toEqual([13, 14])
  })

  it('goes on from a state that another process had before, and after a conflict', async () => {
    const log = new InMemoryLog()
    const [here, there] = [await process(log), await process(log)]
    await here.deposits(3)
    await there.deposits(1)
    await here.execute(new CarryForward({ account }))
    await here.store.streams.truncate(stream, { before: 5 })
    await there.deposits(1)
    expect(await there.balance()).toEqual([5, 6])
    await here.execute(new CarryForward({ account }))
    await here.deposits(2)
    await here.store.streams.truncate(stream, { before: 7 })
    await there.deposits(1)
    expect(await there.balance()).toEqual([8, 10])
  })

  it('tells what it was from there on', async () => {
    const { there } = await closed()
    expect(await there.balance({ version: 11 })).toEqual([10, 11])
    expect(await there.balance({ version: 12 })).toEqual([11, 12])
    expect(await there.balance({ position: 12 })).toEqual([11, 12])
    expect(await there.balance({ version: 0 })).toEqual([0, 0])
  })

  it('says of an earlier moment that the books were closed', async () => {
    const { there } = await closed()
    const facts = { code: 'books-closed', stream, firstVersion: 11 }
    await expect(there.balance({ version: 10 })).rejects.toMatchObject({ ...facts, toVersion: 10 })
    await expect(there.balance({ version: 1 })).rejects.toMatchObject({ ...facts, toVersion: 1 })
    await expect(there.balance({ position: 10 })).rejects.toMatchObject(facts)
    await expect(there.balance({ date: new Date(0) })).rejects.toMatchObject(facts)
  })

  it('has a history from there on', async () => {
    const { there } = await closed()
    const seen: [number, number][] = []
    for await (const { event, after } of there.aggregates.historyOf(plain, account)) seen.push([event.version, after.balance])
    expect(seen).toEqual([
      [11, 10],
      [12, 11],
      [13, 12],
    ])
  })
})

describe('An aggregate whose books were closed behind a snapshot', () => {
  async function closed(before: number, snapshotVersion = 1) {
    const log = new InMemoryLog()
    const { deposits, store, aggregates } = await process(log, withSnapshots(1))
    await deposits(5)
    await aggregates.stop()
    expect(await store.snapshots.load(stream, 1)).toMatchObject({ version: 5 })
    const later = await process(log)
    await later.deposits(3)
    await store.streams.truncate(stream, { before })
    return process(log, withSnapshots(snapshotVersion))
  }

  it.each([5, 6])('begins with the snapshot at version 5, where the books were closed before %s', async (before) => {
    const there = await closed(before)
    expect(await there.balance()).toEqual([8, 8])
    expect(await there.balance({ version: 5 })).toEqual([5, 5])
    await there.deposits(1)
    expect(await there.balance()).toEqual([9, 9])
    expect(there.warnings).toEqual([])
  })

  it('is not guessed at when the books were closed further on, and no summary stands there', async () => {
    const there = await closed(8)
    const facts = { code: 'books-closed', stream, firstVersion: 8 }
    await expect(there.balance()).rejects.toMatchObject(facts)
    await expect(there.deposits(1)).rejects.toMatchObject(facts)
  })

  it('is not guessed at when the snapshot is of another shape, and can be opened again by a summary', async () => {
    const there = await closed(6, 2)
    await expect(there.balance()).rejects.toMatchObject({ code: 'books-closed', firstVersion: 6, toVersion: undefined })
    const summary = newEvent(new BalanceCarriedForward({ account, balance: 8 }), systemRuntime.uuid())
    await there.store.append({ stream, events: [summary], expectedVersion: 8 })
    await there.store.streams.truncate(stream, { before: 9 })
    expect(await there.balance()).toEqual([8, 9])
  })

  it('keeps the snapshot when an earlier moment is asked for', async () => {
    const there = await closed(6)
    await expect(there.balance({ version: 4 })).rejects.toMatchObject({ code: 'books-closed', toVersion: 4 })
    expect(await there.store.snapshots.load(stream, 1)).toMatchObject({ version: 5 })
  })
})

describe('An aggregate in a deleted stream', () => {
  it.each([true, false])('can not be asked and takes no command, whether or not it is in memory (%s)', async (isInMemory) => {
    const log = new InMemoryLog()
    const here = await process(log)
    await here.deposits(3)
    await here.store.streams.delete(stream, { metadata: { actor: 'bob' } })
    const one = isInMemory ? here : await process(log)
    for (let turn = 0; turn < 2; turn++) {
      await expect(one.execute(deposit)).rejects.toMatchObject({ code: 'stream-deleted', stream, version: 3, actor: 'bob' })
      await expect(one.balance()).rejects.toMatchObject({ code: 'stream-deleted' })
      await expect(one.balance({ version: 2 })).rejects.toMatchObject({ code: 'stream-deleted' })
    }
    await expect(one.execute(new DepositMoney({ account: 'bob', amount: 1 }))).resolves.toMatchObject({ version: 1 })
  })
})

describe('An aggregate with links in its stream', () => {
  it('applies what they lead to, and goes on where one leads nowhere any more', async () => {
    const log = new InMemoryLog()
    const store = inMemoryEventStore({ log, allowHardDelete: true })
    await store.start()
    const other = 'account-old'
    const event = newEvent(new MoneyDeposited({ account: 'old', amount: 100 }), systemRuntime.uuid())
    await store.append({ stream: other, events: [event] })
    const here = await process(log)
    await here.deposits(1)
    for await (const [linked] of store.readStream(other)) {
      await store.append({ stream, events: [newLink(linked!, systemRuntime.uuid())] })
    }
    expect(await here.balance()).toEqual([101, 2])
    await here.deposits(1)
    await store.streams.delete(other, { hard: true })
    const there = await process(log)
    expect(await there.balance()).toEqual([2, 3])
    await store.append({ stream, events: [newLink({ id: event.id, position: 1 }, systemRuntime.uuid())] })
    for (const one of [await process(log), there, here]) await one.deposits(1)
    expect((await there.balance())[1]).toBe(7)
  })
})
