import { type Snapshot, type Snapshots } from '@writ/event-store'
import { DepositMoney, OpenAccount, spellings, WithdrawMoney } from '../../test/account.js'
import { type Bank, bankOf } from '../../test/bank.js'
import { classState } from '../definition/class-state.js'
import { jsonOfDeciderState } from '../definition/decider-state.js'
import type { AggregateDefinition } from '../index.js'

const account = 'ann'
const stream = 'account-ann'
const open = new OpenAccount({ account, owner: 'Ann' })
const deposit = (amount: number) => new DepositMoney({ account, amount })

describe.each(spellings)('snapshots of an aggregate that is $spelling', ({ account: plain }) => {
  const prototype = Object.getPrototypeOf(plain.initialState())
  const json =
    prototype === Object.prototype
      ? jsonOfDeciderState<never>('account')
      : classState(prototype.constructor as new () => never, 'Account')
  const definition: AggregateDefinition = {
    ...plain,
    snapshots: { every: 10, version: 1, ...json } as AggregateDefinition['snapshots'],
  }

  async function bankWith(deposits: number): Promise<Bank> {
    const bank = await bankOf(definition)
    await bank.execute(open)
    for (let index = 0; index < deposits; index++) await bank.execute(deposit(1))
    await bank.aggregates.stop()
    return bank
  }

  async function readFrom(bank: Bank, definitionThere = definition) {
    const there = await bankOf(definitionThere, { log: bank.log })
    let from = 0
    const { readStream } = there.store
    there.store.readStream = (name, options) => {
      from = options?.fromVersion ?? 1
      return readStream.call(there.store, name, options)
    }
    const reply = await there.execute(new WithdrawMoney({ account, amount: 1 }))
    return { from, reply, there }
  }

  it('are saved after so many events, and loading begins there', async () => {
    const bank = await bankWith(24)
    expect(await bank.store.snapshots.load(stream, 1)).toMatchObject({ stream, version: 20, position: 20, schemaVersion: 1 })
    const { from, reply, there } = await readFrom(bank)
    // The event that it stands at is read as well, to see that it belongs to this log.
    expect(from).toBe(20)
    expect(reply.version).toBe(26)
    expect((await there.stateOf()).state).toMatchObject({ balance: 23, status: 'open' })
  })

  it('hold the state as plain JSON', async () => {
    const bank = await bankWith(9)
    const snapshot = await bank.store.snapshots.load(stream, 1)
    expect(JSON.parse(snapshot!.state)).toEqual({ balance: 9, status: 'open' })
  })

  it('of another version are passed over', async () => {
    const bank = await bankWith(24)
    const newer = { ...definition, snapshots: { ...definition.snapshots!, version: 2 } }
    const { from, reply } = await readFrom(bank, newer)
    expect(from).toBe(1)
    expect(reply.version).toBe(26)
  })

  const useless: [string, Partial<Snapshot>][] = [
    ['that are no JSON', { state: '{"balance":' }],
    ['that are no state', { state: '[]' }],
    ['from the future', { version: 500, position: 500 }],
    ['of another log', { version: 20, position: 77 }],
  ]
  it.each(useless)('%s are discarded with a warning, and the replay gives the same state', async (what, change) => {
    if (what === 'that are no state' && prototype === Object.prototype) change = { state: 'nonsense' }
    const bank = await bankWith(24)
    const right = await bank.store.snapshots.load(stream, 1)
    await bank.store.snapshots.delete(stream)
    await bank.store.snapshots.save({ ...right!, ...change })
    const { reply, there } = await readFrom(bank)
    expect(reply.version).toBe(26)
    expect((await there.stateOf()).state).toMatchObject({ balance: 23 })
    expect(there.warnings).toEqual([expect.stringMatching(/^A snapshot is discarded, and the stream replayed/)])
    for (let index = 0; index < 12; index++) await there.execute(deposit(1))
    await there.aggregates.stop()
    expect((await there.store.snapshots.load(stream, 1))!.version).toBeLessThan(40)
  })

  it('that can not be saved only warn', async () => {
    const bank = await bankOf(definition)
    const failing: Snapshots = { ...bank.store.snapshots, save: () => Promise.reject(new Error('disk full')) }
    Object.defineProperty(bank.store, 'snapshots', { value: Object.assign(Object.create(bank.store.wrapped.snapshots), failing) })
    await bank.execute(open)
    for (let index = 0; index < 25; index++) await bank.execute(deposit(1))
    await bank.aggregates.stop()
    expect(bank.warnings).toEqual(Array(2).fill('A snapshot could not be saved; commands go on without it'))
  })

  it('of a state that is no plain JSON are given up with a warning', async () => {
    const initialState = () => Object.assign(Object.create(prototype), { balance: 0, status: 'absent', since: new Map() })
    const bank = await bankOf({ ...definition, initialState, copy: (state) => Object.assign(Object.create(prototype), state) })
    await bank.execute(open)
    for (let index = 0; index < 25; index++) await bank.execute(deposit(1))
    await bank.aggregates.stop()
    expect(bank.warnings).toEqual(['A snapshot could not be saved; commands go on without it'])
  })

  it('are never of unconfirmed state, and keep no reply waiting', async () => {
    const bank = await bankOf(definition)
    await bank.execute(open)
    let release = () => {}
    const save = new Promise<void>((resolve) => (release = resolve))
    const saved: Snapshot[] = []
    const slow = {
      save: async (snapshot: Snapshot) => {
        saved.push(snapshot)
        await save
      },
    }
    Object.defineProperty(bank.store, 'snapshots', { value: Object.assign(Object.create(bank.store.wrapped.snapshots), slow) })
    await Promise.all(Array.from({ length: 300 }, () => bank.execute(deposit(1))))
    expect(saved.length).toBe(1)
    const { version, state } = saved[0]!
    expect((JSON.parse(state) as { balance: number }).balance).toBe(version - 1)
    release()
    await bank.aggregates.stop()
  })
})
