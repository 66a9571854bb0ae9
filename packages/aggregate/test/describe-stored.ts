import {
  type AnyCommand,
  type EventStore,
  EventTypes,
  eventsOf,
  hasCode,
  type StoredEvent,
  systemRuntime,
} from '@writ/event-store'
import fc from 'fast-check'
import { type AggregateDefinition, Aggregates, type AggregatesOptions, type CommandExecution } from '../src/index.js'
import { accountEvents, accountValue, DepositMoney, OpenAccount, WithdrawMoney } from './account.js'
import { executionOf, given } from './bank.js'
import { storedSpellings } from './stored-account.js'

/** One process at work on a database with the tables of the four spellings. */
export interface StoredBank {
  /** Another process, as it were. */
  open(): Promise<EventStore>
  /** Where the tables are. */
  readonly schema: string
  /** The row, as anybody finds it who looks. */
  row(table: string, account: string): Promise<Readonly<Record<string, unknown>> | undefined>
  close(): Promise<void>
}

/** What holds for state-stored aggregates on every store. */
export function describeStored(
  name: string,
  prepare: (tables: (schema: string) => readonly string[]) => Promise<StoredBank>,
): void {
  describe(`on ${name}`, () => {
    let bank: StoredBank
    beforeAll(async () => {
      bank = await prepare((schema) => storedSpellings(schema).map(({ table }) => table))
    })
    afterAll(() => bank.close())

    describe.each([0, 1, 2, 3].map((index) => ({ index, spelling: storedSpellings('x')[index]!.spelling })))(
      'a state-stored aggregate that is $spelling',
      ({ index }) => {
        const one = () => storedSpellings(bank.schema)[index]!
        let last = 0

        /** An account of its own, and a process that works on it. */
        async function begin(options: Partial<AggregatesOptions> = {}) {
          const account = `a${index}-${++last}`
          return { account, ...(await processOn(account, options)) }
        }

        async function processOn(account: string, options: Partial<AggregatesOptions> = {}) {
          const { account: definition, table } = one()
          const store = await bank.open()
          const aggregates = new Aggregates({ store, events: new EventTypes(accountEvents), ...options })
          const execute = (command: AnyCommand, more?: Partial<CommandExecution>) =>
            aggregates.execute(executionOf(definition, command, more))
          const deposit = (amount: number) => new DepositMoney({ account, amount })
          return {
            store,
            aggregates,
            definition,
            execute,
            deposit: (amount: number, more?: Partial<CommandExecution>) => execute(deposit(amount), more),
            withdraw: (amount: number, more?: Partial<CommandExecution>) => execute(new WithdrawMoney({ account, amount }), more),
            openAccount: (more?: Partial<CommandExecution>) => execute(new OpenAccount({ account, owner: 'Ann' }), more),
            row: () => bank.row(table, account),
            stored: () => storedIn(store, definition, account),
          }
        }

        it('stores row and events together, and tells version, position, result and state', async () => {
          const { account, openAccount, deposit, row, stored, aggregates, definition } = await begin()
          const opened = await openAccount()
          expect(opened).toMatchObject({ version: 1, eventCount: 1, result: { account }, repeated: false })
          const { version, position, state } = await deposit(5, { wants: 'state' })
          expect([version, state]).toMatchObject([2, { balance: 5, status: 'open' }])
          expect(await row()).toMatchObject({ account, version: 2, balance: 5, status: 'open' })
          expect((await stored()).map((event) => [event.type, event.version])).toEqual([
            ['account-opened', 1],
            ['money-deposited', 2],
          ])
          expect((await stored())[1]!.position).toBe(position)
          expect(await aggregates.stateOf(definition, account)).toMatchObject({
            state: { balance: 5, status: 'open' },
            version: 2,
            position,
          })
        })

        it('gives the events that were wanted, with the metadata of the command', async () => {
          const { deposit } = await begin()
          const { events } = await deposit(5, { wants: 'events', metadata: { correlationId: 'c', actor: 'ann' } })
          expect(events).toMatchObject([{ type: 'money-deposited', metadata: { correlationId: 'c', actor: 'ann' } }])
        })

        it('stores nothing of a refused command', async () => {
          const { deposit, withdraw, row, stored } = await begin()
          await deposit(5)
          await expect(withdraw(6)).rejects.toMatchObject({ code: 'balance-too-low', facts: { balance: 5, amount: 6 } })
          expect(await row()).toMatchObject({ balance: 5, version: 1 })
          expect(await stored()).toHaveLength(1)
        })

        it('adds no row for a command that is refused, or that changes nothing', async () => {
          const { withdraw, row } = await begin()
          await expect(withdraw(6)).rejects.toMatchObject({ code: 'balance-too-low' })
          expect(await row()).toBeUndefined()
        })

        it('answers a command without events with the version and position that it was decided on', async () => {
          const { openAccount } = await begin()
          const { version, position } = await openAccount()
          expect(await openAccount()).toMatchObject({ version, position, eventCount: 0 })
        })

        it('answers a repetition by its receipt: accepted, refused, without events, joined, in another process', async () => {
          const { account, openAccount, deposit, withdraw, row } = await begin()
          await openAccount()
          const first = await deposit(5, given(`d ${account}`))
          await expect(withdraw(50, given(`w ${account}`))).rejects.toMatchObject({ code: 'balance-too-low' })
          const empty = await openAccount(given(`o ${account}`))
          await deposit(100)
          const other = await processOn(account)
          expect(await other.deposit(5, given(`d ${account}`))).toEqual({ ...first, repeated: true })
          await expect(other.withdraw(50, given(`w ${account}`))).rejects.toMatchObject({
            code: 'balance-too-low',
            facts: { balance: 5 },
          })
          expect(await other.openAccount(given(`o ${account}`))).toEqual({ ...empty, repeated: true })
          await expect(other.deposit(6, given(`d ${account}`, 'another'))).rejects.toMatchObject({ code: 'command-id-reused' })
          const both = await Promise.all([deposit(7, given(`j ${account}`)), deposit(7, given(`j ${account}`))])
          expect(both.map(({ repeated }) => repeated)).toEqual([false, true])
          expect(await row()).toMatchObject({ balance: 112 })
        })

        it('is made by one of many who try at once, and the others decide again', async () => {
          const { account, openAccount } = await begin()
          const others = await Promise.all([1, 2, 3].map(() => processOn(account)))
          const answers = await Promise.all([openAccount(), ...others.map((other) => other.openAccount())])
          expect(answers.map(({ eventCount }) => eventCount).sort()).toEqual([0, 0, 0, 1])
          expect(await others[0]!.stored()).toHaveLength(1)
        })

        it('loses no deposit of two processes: the row is what the events come to', async () => {
          const { account, deposit, row, stored } = await begin()
          const other = await processOn(account)
          await Promise.all(Array.from({ length: 50 }, () => [deposit(1), other.deposit(2)]).flat())
          expect(await row()).toMatchObject({ balance: 150, version: 100 })
          expect(balanceOf(await stored())).toBe(150)
        })

        it('goes on from a row that is older than its first event', async () => {
          const { account, withdraw, store, row, stored } = await begin()
          const { table } = one()
          const old = { version: 0, balance: 50, status: 'open' }
          await store.transaction(({ rows }) => rows({ name: table, key: 'account' }).insert(account, old))
          expect(await withdraw(20)).toMatchObject({ version: 1 })
          expect(await row()).toMatchObject({ balance: 30, version: 1 })
          expect(await stored()).toHaveLength(1)
        })

        it('is withdrawn when it runs out of time before it is stored', async () => {
          const { account, deposit, row, execute } = await begin()
          await deposit(1)
          const slow: CommandExecution['decide'] = () => new Promise(() => {})
          const command = new DepositMoney({ account, amount: 9 })
          const late = execute(command, { decide: slow, timeout: 20 })
          await expect(late).rejects.toMatchObject({ code: 'command-timeout', mayBeCommitted: false })
          // Its handler never ends, and neither the line nor the row is kept by it.
          await deposit(1)
          expect(await row()).toMatchObject({ balance: 2, version: 2 })
        })

        it('gives up after as many conflicts as it takes: here the events are ahead of the row', async () => {
          const { account, deposit, store, definition } = await begin()
          await deposit(1)
          const event = {
            id: systemRuntime.uuid(),
            type: 'money-deposited',
            schemaVersion: 1,
            data: '{"account":"a","amount":1}',
            metadata: '{}',
            tags: [],
          }
          await store.append({ stream: `${definition.category}-${account}`, events: [event] })
          await expect(deposit(1, { retries: 2 })).rejects.toMatchObject({ code: 'too-many-conflicts', conflicts: 3 })
        })

        it('is unharmed by a handler that fails', async () => {
          const { deposit, execute, row, account } = await begin()
          await deposit(1)
          const failing = () => {
            throw new TypeError('oh')
          }
          await expect(execute(new DepositMoney({ account, amount: 1 }), { decide: failing })).rejects.toThrow('oh')
          await deposit(1)
          expect(await row()).toMatchObject({ balance: 2 })
        })

        it('is unharmed by a handler that throws what can not be looked at', async () => {
          const refuses = () => {
            throw new Error('Hands off.')
          }
          const untouchable = new Proxy(new Error(), { get: refuses, has: refuses, getPrototypeOf: refuses })
          const { deposit, row } = await begin()
          await deposit(1)
          const failing = deposit(1, { decide: () => Promise.reject(untouchable) })
          const [failed, after] = await Promise.allSettled([failing, deposit(1)])
          // No matcher may look at it.
          expect(failed.status === 'rejected' && failed.reason === untouchable).toBe(true)
          expect(after.status).toBe('fulfilled')
          expect(await row()).toMatchObject({ balance: 2 })
        })

        it('takes no more commands for one row than may wait, and none after the stop', async () => {
          const { deposit, aggregates } = await begin({ maxPending: 2 })
          const settled = await Promise.allSettled([deposit(1), deposit(1), deposit(1)])
          expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
          expect(settled[2]).toMatchObject({ reason: { code: 'overloaded' } })
          const underWay = deposit(1)
          const stopped = aggregates.stop()
          await underWay
          await stopped
          await expect(deposit(1)).rejects.toMatchObject({ code: 'stopped' })
        })

        it('tells its past where its events do, and says so where they don’t', async () => {
          const { account, openAccount, deposit, aggregates, definition } = await begin()
          await openAccount()
          await deposit(5)
          await deposit(6)
          const past = aggregates.stateOf(definition, account, { version: 2 })
          const history = async () => {
            const balances: number[] = []
            for await (const { after } of aggregates.historyOf(definition, account)) balances.push(after.balance)
            return balances
          }
          if (one().isTold) {
            expect(await past).toMatchObject({ state: { balance: 5 }, version: 2 })
            expect(await history()).toEqual([0, 5, 11])
          } else {
            await expect(past).rejects.toMatchObject({ code: 'state-not-told' })
            await expect(history()).rejects.toMatchObject({ code: 'state-not-told' })
          }
        })

        it('comes to the same as an event-sourced twin, whatever the commands', async () => {
          const step = fc.oneof(
            fc.record({ kind: fc.constant('open' as const) }),
            fc.record({
              kind: fc.constantFrom('deposit' as const, 'withdraw' as const),
              amount: fc.integer({ min: 0, max: 20 }),
            }),
          )
          const { store, aggregates } = await begin()
          await fc.assert(
            fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
              const account = `p${index}-${++last}`
              const { account: definition } = one()
              const outcomes = []
              for (const twin of [definition, generous] as AggregateDefinition[]) {
                const answers = []
                for (const each of steps) {
                  const command =
                    each.kind === 'open'
                      ? new OpenAccount({ account, owner: 'Ann' })
                      : each.kind === 'deposit'
                        ? new DepositMoney({ account, amount: each.amount })
                        : new WithdrawMoney({ account, amount: each.amount })
                  answers.push(
                    await aggregates.execute(executionOf(twin, command, { wants: 'state' })).then(
                      ({ version, eventCount, result, state }) => ({
                        version,
                        eventCount,
                        result,
                        state: { ...(state as object) },
                      }),
                      (error: { code: string; facts: object }) => ({ code: error.code, facts: error.facts }),
                    ),
                  )
                }
                const events = (await storedIn(store, twin, account)).map(({ type, data, version }) => ({ type, data, version }))
                const { state, version } = await aggregates.stateOf(twin, account)
                outcomes.push({ answers, events, state: { ...(state as object) }, version })
              }
              expect(outcomes[0]).toEqual(outcomes[1])
            }),
            { numRuns: name === 'memory' ? 60 : 15 },
          )
        })
      },
    )

    it('answers commands to different rows at once, more than there are connections', async () => {
      const { account: definition } = storedSpellings(bank.schema)[0]!
      const store = await bank.open()
      const aggregates = new Aggregates({ store, events: new EventTypes(accountEvents) })
      const sent = Array.from({ length: 60 }, (_, index) =>
        aggregates.execute(executionOf(definition, new DepositMoney({ account: `many-${index % 20}`, amount: 1 }))),
      )
      expect((await Promise.all(sent)).map(({ version }) => version).filter((version) => version === 3)).toHaveLength(20)
    })

    it('decides on a boundary, and again when something newer matches', async () => {
      const { account: definition } = storedSpellings(bank.schema)[1]!
      const [here, there] = await Promise.all(
        [1, 2].map(async () => new Aggregates({ store: await bank.open(), events: new EventTypes(accountEvents) })),
      )
      const opening = (account: string): CommandExecution => ({
        ...executionOf(definition, new OpenAccount({ account, owner: 'Ann' })),
        boundary: { items: [{ types: ['account-opened'], tags: [] }] },
        boundaryState: (events) => events.filter(({ stream }) => stream.startsWith('value-limited')).length,
        decide: (state, command, handling) => {
          if ((handling.state as number) > 0) throw new (class extends Error {})('one is enough')
          return definition.decide.get('open-account')!(state as never, command, handling)
        },
      })
      const settled = await Promise.allSettled([
        here!.execute(opening('limited-1')),
        there!.execute(opening('limited-2')),
        here!.execute(opening('limited-3')),
      ])
      expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      for (const one of settled) if (one.status === 'rejected') expect(one.reason.message).toBe('one is enough')
    })
  })
}

/** The event-sourced twin: deposits don't ask whether the account is open, as those of the state-stored ones don't. */
const generous: AggregateDefinition = {
  ...(accountValue as AggregateDefinition),
  category: 'generous',
  decide: new Map([
    ...accountValue.decide,
    ['deposit-money', storedSpellings('x')[1]!.account.decide.get('deposit-money')!],
    ['withdraw-money', storedSpellings('x')[1]!.account.decide.get('withdraw-money')!],
  ]) as AggregateDefinition['decide'],
}

async function storedIn(store: EventStore, { category }: AggregateDefinition, account: string): Promise<StoredEvent[]> {
  const events: StoredEvent[] = []
  try {
    for await (const event of eventsOf(store.readStream(`${category}-${account}`))) events.push(event)
  } catch (error) {
    if (!hasCode(error, 'stream-deleted')) throw error
  }
  return events
}

function balanceOf(events: readonly StoredEvent[]): number {
  return events.reduce((sum, { type, data }) => {
    const { amount = 0 } = JSON.parse(data) as { amount?: number }
    return sum + (type === 'money-withdrawn' ? -amount : amount)
  }, 0)
}
