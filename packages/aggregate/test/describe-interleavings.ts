import {
  type Append,
  type Appended,
  type EventStore,
  eventsOf,
  StoreOverloadedError,
  StoreUnavailableError,
} from '@writ/event-store'
import fc from 'fast-check'
import type { AggregateDefinition, CommandExecution, Decide } from '../src/index.js'
import { type AccountState, DepositMoney, OpenAccount, spellings, WithdrawMoney } from './account.js'
import { type Bank, bankOf } from './bank.js'

/** One command of a random history: who sends it, what it is, and how its handler behaves. */
interface Step {
  readonly process: number
  /** One of two. */
  readonly account: number
  readonly amount: number
  /** An id that the sender gives: few of them, so that they repeat. */
  readonly given: number | undefined
  /** Whether the handler fails, for a reason that is no refusal; it names the balance that it has seen. */
  readonly breaks: boolean
  /** How many turns the handler takes; 0: it is synchronous. */
  readonly thinks: number
  readonly pauses: number
}

/** What becomes of an append. */
interface Fate {
  readonly waits: number
  readonly outcome: 'stored' | 'overloaded' | 'away' | 'stored, reply lost' | 'not stored, reply lost'
}

const step: fc.Arbitrary<Step> = fc.record({
  process: fc.nat(1),
  account: fc.nat(1),
  amount: fc.integer({ min: -20, max: 12 }).filter((amount) => amount !== 0),
  given: fc.option(fc.nat(5), { nil: undefined, freq: 3 }),
  breaks: fc.constantFrom(false, false, false, false, false, true),
  thinks: fc.constantFrom(0, 0, 0, 1, 5),
  pauses: fc.constantFrom(0, 0, 0, 1, 3, 12),
})

const fate: fc.Arbitrary<Fate> = fc.record({
  waits: fc.constantFrom(0, 1, 4, 9),
  outcome: fc.oneof(
    { weight: 8, arbitrary: fc.constant('stored' as const) },
    { weight: 3, arbitrary: fc.constantFrom('overloaded', 'away', 'stored, reply lost', 'not stored, reply lost') },
  ),
})

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await undefined
}

/** Makes a bank's store treat its appends as the fates say, one after another. */
function tempt(bank: Bank, fates: Iterator<Fate>): void {
  const { store } = bank
  const append = store.append.bind(store)
  store.append = async (given: Append): Promise<Appended> => {
    const { waits, outcome } = fates.next().value as Fate
    await turns(waits)
    const lost = () => new StoreUnavailableError('tempted', 'append', true, new Error('cut'))
    if (outcome === 'overloaded') throw new StoreOverloadedError(1, 1)
    if (outcome === 'away') throw new StoreUnavailableError('tempted', 'append', false, new Error('away'))
    if (outcome === 'not stored, reply lost') throw lost()
    const appended = await append(given)
    await turns(waits)
    if (outcome === 'stored, reply lost') throw lost()
    return appended
  }
}

/** Lets a bank learn that deposits and withdrawals meet accounts that do not exist: it will suppose so of the next one. */
async function makeGullible({ execute }: Bank): Promise<void> {
  for (const account of ['nobody', 'no one']) {
    for (const command of [new DepositMoney({ account, amount: 1 }), new WithdrawMoney({ account, amount: 1 })]) {
      await execute(command).catch(() => {})
    }
  }
}

interface Sent {
  readonly id: string
  readonly account: string
  readonly amount: number
  readonly outcome: 'ok' | 'refused' | 'broken' | 'failed' | 'unknown'
  readonly version: number
  /** The balance that a refusal or a failure named. */
  readonly balance: number | undefined
}

/** A handler's failure, which tells what it has seen. */
class Broken extends Error {
  readonly code = 'broken'
  readonly facts: { readonly balance: number }

  constructor(balance: number) {
    super(`Broken at ${balance}.`)
    this.facts = { balance }
  }
}

/** In this history a negative amount is a withdrawal. */
async function send(
  bank: Bank,
  definition: AggregateDefinition<AccountState>,
  account: string,
  { amount, given, thinks, breaks }: Step,
  index: number,
): Promise<Sent> {
  const command = amount < 0 ? new WithdrawMoney({ account, amount: -amount }) : new DepositMoney({ account, amount })
  const own = definition.decide.get(amount < 0 ? 'withdraw-money' : 'deposit-money')!
  const decide: Decide<AccountState> = (...input) => {
    if (breaks) throw new Broken(input[0].balance)
    return own(...input)
  }
  const thoughtful: Decide<AccountState> = async (...input) => {
    await turns(thinks)
    return decide(...input)
  }
  // The sender gives one id to one command: the same account and amount.
  const id = given === undefined ? `own ${index} ${account}` : `given ${given} ${account} ${amount}`
  const options: Partial<CommandExecution> = {
    commandId: id,
    metadata: { causationId: id },
    ...(given !== undefined && { receipt: { fingerprint: id } }),
    decide: (thinks > 0 ? thoughtful : decide) as Decide<unknown>,
    retries: 1_000,
  }
  const sent = { id, account, amount, version: 0, balance: undefined }
  try {
    const { version } = await bank.execute(command, options)
    await expectStored(bank, account, id)
    return { ...sent, outcome: 'ok', version }
  } catch (error) {
    const { code, facts, mayBeCommitted } = error as { code?: string; facts?: { balance: number }; mayBeCommitted?: boolean }
    if (code === 'balance-too-low') return { ...sent, outcome: 'refused', balance: facts!.balance }
    if (code === 'broken') return { ...sent, outcome: 'broken', balance: facts!.balance }
    if (code === 'overloaded' || code === 'store-unavailable') return { ...sent, outcome: mayBeCommitted ? 'unknown' : 'failed' }
    throw error
  }
}

/** No reply precedes its commit. */
async function expectStored(bank: Bank, account: string, id: string): Promise<void> {
  const stored = await eventsIn(bank.store, account)
  if (!stored.some(({ causationId }) => causationId === id)) throw new Error(`'${id}' was answered before it was stored`)
}

async function eventsIn(store: EventStore, account: string) {
  const events: { causationId: string; amount: number }[] = []
  for await (const { type, data, metadata } of eventsOf(store.readStream(`account-${account}`))) {
    const { amount = 0 } = JSON.parse(data) as { amount?: number }
    const { causationId } = JSON.parse(metadata) as { causationId: string }
    events.push({ causationId, amount: type === 'money-withdrawn' ? -amount : amount })
  }
  return events
}

/** The outcome is that of some serial order: the one in which the log has the events. */
function expectSerial(account: string, events: { causationId: string; amount: number }[], sent: readonly Sent[]): void {
  const balances = new Set<number>()
  let balance = 0
  for (const { amount } of events) {
    balance += amount
    expect(balance).toBeGreaterThanOrEqual(0)
    balances.add(balance)
  }
  const count = (id: string) => events.filter(({ causationId }) => causationId === id).length
  const versions = new Map<string, number>()
  for (const { id, amount, outcome, version, balance: named } of sent.filter((one) => one.account === account)) {
    const isGiven = id.startsWith('given')
    if (outcome === 'ok') {
      expect(count(id)).toBe(1)
      expect(events[version - 1]).toEqual({ causationId: id, amount })
      // Each repetition gets the same answer.
      expect(versions.get(id) ?? version).toBe(version)
      versions.set(id, version)
    } else if (outcome === 'unknown') expect(count(id)).toBeLessThanOrEqual(1)
    else if (outcome === 'refused') {
      expect(count(id)).toBe(0)
      // It rests on a balance that the account really had.
      expect(named!).toBeLessThan(-amount)
      expect(balances.has(named!)).toBe(true)
    } else if (!isGiven) expect(count(id)).toBe(0)
    // So does a failure.
    if (outcome === 'broken') expect(balances.has(named!)).toBe(true)
  }
}

export interface Interleavings {
  /** How the store is called. */
  readonly store: string
  /** Two processes on the same data, for one history after the other. */
  processes(): Promise<readonly [EventStore, EventStore]>
  /** How many random histories. */
  readonly histories: number
}

/**
 * Random histories of commands that two processes decide on, with appends that fail, that are slow, and whose replies are lost: whatever
 * happens, the outcome is that of some serial order, no reply precedes its commit, and no refusal rests on a state that never was.
 */
export function describeInterleavings({ store: name, processes, histories }: Interleavings): void {
  describe.each(spellings)(`on ${name}, random histories of an aggregate that is $spelling`, ({ account: definition }) => {
    it('of commands, conflicts and failures come to some serial order; no reply precedes its commit; no money is made up', async () => {
      const history = fc.tuple(
        fc.array(step, { minLength: 1, maxLength: 40 }),
        fc.array(fate, { minLength: 1, maxLength: 30 }),
        fc.boolean(),
      )
      let run = 0
      await fc.assert(
        fc.asyncProperty(history, async ([steps, fates, isGullible]) => {
          const stores = await processes()
          const banks = [
            await bankOf(definition, { wrapped: stores[0], cacheSize: 1 }),
            await bankOf(definition, { wrapped: stores[1] }),
          ]
          run++
          const accounts = [`ann ${definition.name} ${run}`, `bob ${definition.name} ${run}`]
          for (const account of accounts) await banks[0]!.execute(new OpenAccount({ account, owner: account }))
          if (isGullible) for (const bank of banks) await makeGullible(bank)
          // The fates repeat themselves, with enough good ones among them for an end to come.
          const repeated = (function* () {
            for (;;) yield* [...fates, { waits: 0, outcome: 'stored' } as const]
          })()
          for (const bank of banks) tempt(bank, repeated)
          const sending: Promise<Sent>[] = []
          for (const [index, one] of steps.entries()) {
            sending.push(send(banks[one.process]!, definition, accounts[one.account]!, one, index))
            await turns(one.pauses)
          }
          const sent = await Promise.all(sending)
          await Promise.all(banks.map(({ aggregates }) => aggregates.stop()))
          for (const account of accounts) {
            const events = await eventsIn(stores[0], account)
            expectSerial(account, events, sent)
            const balance = events.reduce((sum, { amount }) => sum + amount, 0)
            for (const bank of banks)
              expect(await bank.stateOf(account)).toMatchObject({ state: { balance }, version: events.length })
          }
        }),
        { numRuns: histories },
      )
    }, 120_000)
  })
}
