import { until } from '@writ/build-tools'
import { On as OnOfEventHandlers, retryThenStop, skipAtOnce, stopAtOnce } from '@writ/event-handler'
import { StoreUnavailableError } from '@writ/event-store'
import {
  AccountClosed,
  CompleteTransfer,
  MoneyDeposited,
  MoneyRefunded,
  MoneyWithdrawn,
  PraiseCustomer,
  RefuseTransfer,
  TransferCompleted,
  TransferRequested,
  WithdrawMoney,
} from '../test/bank-messages.js'
import { Processes } from '../test/processes.js'
import { transferProcess } from '../test/transfer-process.js'
import { end, on, ProcessManager, processManager, processManagerOf, readJournal, rejected, Start, start } from './index.js'

const processes = new Processes()
afterEach(() => processes.stop())

const withdrawn = (transfer?: string) => new MoneyWithdrawn({ account: 'ann', amount: 10, transfer })
const deposited = (transfer?: string) => new MoneyDeposited({ account: 'bob', amount: 10, transfer })

describe('the life of an instance', () => {
  const handled: string[] = []
  beforeEach(() => handled.splice(0))
  const counting = processManager<{ events: number }>({
    name: 'counting',
    correlate: 'transfer',
    initialState: { events: 0 },
    reactions: [
      start(TransferRequested, (_, { state, instance }) => count('start', instance, state.events)),
      on(MoneyWithdrawn, (_, { state, instance }) => count('on', instance, state.events)),
      end(MoneyDeposited, (_, { state, instance }) => count('end', instance, state.events)),
    ],
  })
  const count = (role: string, instance: string, events: number) => {
    handled.push(`${role} ${instance} ${events}`)
    return { state: { events: events + 1 } }
  }

  it('begins with an event that starts it, and not with any other', async () => {
    const { store, bank, settled } = await processes.start(counting)
    await bank.append('account-ann', withdrawn('t1'), deposited('t1'))
    await settled()
    expect(handled).toEqual([])
    // Not even to note that it has ended: nothing has.
    expect(await readJournal(store, 'counting', 't1')).toEqual([])
    await bank.request('t1')
    await settled()
    expect(handled).toEqual(['start t1 0'])
  })

  it('goes on when an event that starts it comes again', async () => {
    const { bank, settled } = await processes.start(counting)
    await bank.request('t1')
    await bank.request('t1')
    await settled()
    expect(handled).toEqual(['start t1 0', 'start t1 1'])
  })

  it('is over with an event that ends it: what comes after is passed over', async () => {
    const { store, bank, settled } = await processes.start(counting)
    await bank.request('t1')
    await bank.append('account-bob', deposited('t1'), withdrawn('t1'), deposited('t1'))
    await settled()
    expect(handled).toEqual(['start t1 0', 'end t1 1'])
    expect((await readJournal(store, 'counting', 't1')).map(({ ended }) => ended)).toEqual([false, true])
  })

  it('begins anew, with nothing remembered, when it is started after its end', async () => {
    const { bank, settled } = await processes.start(counting)
    await bank.request('t1')
    await bank.append('account-bob', deposited('t1'))
    await bank.request('t1')
    await bank.append('account-ann', withdrawn('t1'))
    await settled()
    expect(handled).toEqual(['start t1 0', 'end t1 1', 'start t1 0', 'on t1 1'])
  })

  it('is decided again when an event that starts it finds it there', async () => {
    const first = await processes.start(counting)
    await first.bank.request('t1')
    await first.settled()
    await first.subscriptions.stop()
    const second = await processes.start(counting)
    await second.bank.request('t1')
    await second.settled()
    // The second process takes it for a new one at first, which comes to nothing.
    expect(handled).toEqual(['start t1 0', 'start t1 0', 'start t1 1'])
    expect(await readJournal(second.store, 'counting', 't1')).toMatchObject([{ state: { events: 1 } }, { state: { events: 2 } }])
  })

  it('is not held to have failed where it only failed as a new one', async () => {
    const demanding = processManager<{ isBegun: boolean }>({
      name: 'demanding',
      correlate: 'transfer',
      initialState: { isBegun: false },
      onError: stopAtOnce,
      reactions: [
        start(TransferRequested, ({ amount }, { state }) => {
          if (amount > 10 && !state.isBegun) throw new Error('It begins with little.')
          return { state: { isBegun: true } }
        }),
      ],
    })
    const first = await processes.start(demanding)
    await first.bank.request('t1', { amount: 10 })
    await first.settled()
    await first.subscriptions.stop()
    const second = await processes.start(demanding)
    await second.bank.request('t1', { amount: 20 })
    await second.settled()
    await second.bank.request('t2', { amount: 20 })
    await until('the second has stopped', () => second.subscriptions.status()[0]!.state === 'stopped')
    expect(second.subscriptions.status()[0]!.error).toEqual({ message: 'It begins with little.' })
    expect(await readJournal(second.store, 'demanding', 't1')).toHaveLength(2)
  })

  it('is no other instance’s, and events without the field are nobody’s', async () => {
    const { bank, settled } = await processes.start(counting)
    await bank.request('t1')
    await bank.request('t2')
    await bank.append('account-ann', withdrawn(), withdrawn('t2'))
    await settled()
    expect(handled.sort()).toEqual(['on t2 1', 'start t1 0', 'start t2 0'])
  })

  it('is read from its journal when memory has no room for it', async () => {
    const { store, bank, settled } = await processes.start(counting, { cacheSize: 1 })
    for (const transfer of ['t1', 't2', 't3', 't1', 't2', 't3']) await bank.request(transfer)
    await settled()
    const states = await Promise.all(['t1', 't2', 't3'].map((id) => readJournal(store, 'counting', id)))
    expect(states.map((journal) => journal.map(({ state }) => state))).toEqual(Array(3).fill([{ events: 1 }, { events: 2 }]))
  })
})

describe('correlation', () => {
  const seen: string[] = []
  beforeEach(() => seen.splice(0))

  it('by a function may name several instances, or none', async () => {
    const byAccount = processManager({
      name: 'by-account',
      correlate: (event: TransferRequested | AccountClosed, { type }) =>
        type === 'transfer-requested' ? [(event as TransferRequested).from, (event as TransferRequested).to] : undefined,
      reactions: [
        start(TransferRequested, (_, { instance }) => void seen.push(instance)),
        on(AccountClosed, (_, { instance }) => void seen.push(instance)),
      ],
    })
    const { store, bank, settled } = await processes.start(byAccount)
    await bank.request('t1')
    await bank.append('account-bob', new AccountClosed({ account: 'bob' }))
    await settled()
    expect(seen).toEqual(['ann', 'bob'])
    expect(await readJournal(store, 'by-account', 'bob')).toHaveLength(1)
  })

  it('by something that is no id stops the subscription, and says so', async () => {
    const byNumber = processManager({
      name: 'by-number',
      correlate: () => 42 as unknown as string,
      onError: retryThenStop({ attempts: 1 }),
      reactions: [start(TransferRequested, () => {})],
    })
    const { bank, subscriptions } = await processes.start(byNumber)
    await bank.request('t1')
    await until('it has stopped', () => subscriptions.status()[0]!.state === 'stopped')
    expect(subscriptions.status()[0]!.error).toMatchObject({ code: 'invalid-correlation' })
  })

  it('tells managers with dashes in their names apart', async () => {
    const define = (name: string, correlate: (event: TransferRequested) => string) =>
      processManager({ name, correlate, reactions: [start(TransferRequested, () => {})] })
    const one = await processes.start(define('a', () => 'b-c'))
    const other = await processes.start(define('a-b', () => 'c'))
    await one.bank.request('t1')
    await Promise.all([one.settled(), other.settled()])
    expect(await readJournal(one.store, 'a', 'b-c')).toHaveLength(1)
    expect(await readJournal(one.store, 'a-b', 'c')).toHaveLength(1)
  })
})

describe('failures', () => {
  it('of a handler go to the error policy, and nothing is stored of what failed', async () => {
    let attempts = 0
    const failing = processManager<number>({
      name: 'failing',
      correlate: 'transfer',
      initialState: 0,
      onError: retryThenStop({ firstDelay: 1 }),
      reactions: [
        start(TransferRequested, async ({ transfer }, { attempt, state }) => {
          attempts = attempt
          if (attempt < 3) throw new Error('not yet')
          return { state: state + 1, commands: new RefuseTransfer({ transfer, reason: 'late' }) }
        }),
      ],
    })
    const { store, bank, settled } = await processes.start(failing)
    await bank.request('t1')
    await settled()
    expect(attempts).toBe(3)
    expect(await readJournal(store, 'failing', 't1')).toMatchObject([{ state: 1 }])
    expect(bank.dispatched).toHaveLength(1)
  })

  it('of the store while a command is dispatched are waited out, and the command keeps its id', async () => {
    const { bank, settled } = await processes.start(transferProcess)
    let outages = 3
    bank.before = () => {
      if (outages-- > 0) throw new StoreUnavailableError('test', 'append', true, new Error('ECONNRESET'))
    }
    await bank.request('t1')
    await settled()
    const withdrawals = bank.dispatched.filter(({ command }) => command instanceof WithdrawMoney)
    expect(withdrawals).toHaveLength(4)
    expect(new Set(withdrawals.map(({ commandId }) => commandId)).size).toBe(1)
    expect(await bank.history('transfer-t1')).toEqual(['transfer-requested', 'transfer-refused'])
  })

  it('of a dispatch that the error policy passes over are told by the next entry', async () => {
    const careless = processManager({
      name: 'careless',
      correlate: 'transfer',
      onError: skipAtOnce,
      reactions: [
        start(TransferRequested, ({ transfer }) => [
          new CompleteTransfer({ transfer }),
          new RefuseTransfer({ transfer, reason: 'none' }),
        ]),
        on(MoneyWithdrawn, () => {}),
      ],
    })
    const { store, bank, subscriptions, settled } = await processes.start(careless)
    bank.before = ({ command }) => {
      if (command instanceof RefuseTransfer) throw Object.assign(new Error('broken'), { code: 'broken' })
    }
    await bank.request('t1')
    await bank.append('account-ann', withdrawn('t1'))
    await settled()
    expect(subscriptions.status()[0]).toMatchObject({ skipped: 1 })
    const [first, second] = await readJournal(store, 'careless', 't1')
    expect(second!.outcomes).toMatchObject([
      { command: first!.commands[0]!.id, accepted: {} },
      { command: first!.commands[1]!.id, failed: { code: 'broken', message: 'broken' } },
    ])
  })

  it('of what is to follow from a refusal leave the refusal in the journal, if they are passed over', async () => {
    const clumsy = processManager({
      name: 'clumsy',
      correlate: 'transfer',
      onError: skipAtOnce,
      reactions: [
        start(TransferRequested, ({ transfer, from, to, amount }) => new WithdrawMoney({ account: from, amount, transfer, to })),
        rejected(WithdrawMoney, () => {
          throw new Error('clumsy')
        }),
        on(MoneyWithdrawn, () => {}),
      ],
    })
    const { store, bank, settled } = await processes.start(clumsy)
    await bank.request('t1')
    await bank.append('account-ann', withdrawn('t1'))
    await settled()
    expect(await readJournal(store, 'clumsy', 't1')).toMatchObject([
      {},
      { outcomes: [{ refused: { code: 'insufficient-funds' } }] },
    ])
  })

  it('to decide a command that nothing handles are loud, before anything is journaled', async () => {
    const praising = processManager({
      name: 'praising',
      correlate: 'transfer',
      onError: retryThenStop({ attempts: 1 }),
      reactions: [start(TransferRequested, ({ transfer }) => new PraiseCustomer({ transfer }))],
    })
    const { store, bank, subscriptions } = await processes.start(praising)
    await bank.request('t1')
    await until('it has stopped', () => subscriptions.status()[0]!.state === 'stopped')
    expect(subscriptions.status()[0]!.error).toMatchObject({ code: 'unhandled-command' })
    expect(await readJournal(store, 'praising', 't1')).toEqual([])
  })

  it.each([
    ['an event', () => new TransferCompleted({ transfer: 't1' }), 'the event TransferCompleted: only aggregates decide events'],
    ['a copy of a command', () => ({ ...new CompleteTransfer({ transfer: 't1' }) }), "an object with the key 'transfer'"],
    ['a text', () => 'complete', 'a string'],
    ['a list with null', () => [null], 'null'],
  ])('to answer with commands are typed: %s', async (_, answer, why) => {
    const wrong = processManager({
      name: 'wrong',
      correlate: 'transfer',
      onError: retryThenStop({ attempts: 1 }),
      reactions: [start(TransferRequested, answer as unknown as () => undefined)],
    })
    const { bank, subscriptions } = await processes.start(wrong)
    await bank.request('t1')
    await until('it has stopped', () => subscriptions.status()[0]!.state === 'stopped')
    expect(subscriptions.status()[0]!.error).toMatchObject({ code: 'invalid-step', message: expect.stringContaining(why) })
  })

  it('to keep a state that JSON would change are typed', async () => {
    const dated = processManager<{ at: Date | undefined }>({
      name: 'dated',
      correlate: 'transfer',
      initialState: { at: undefined },
      onError: retryThenStop({ attempts: 1 }),
      reactions: [start(TransferRequested, () => ({ state: { at: new Date() } }))],
    })
    const { bank, subscriptions } = await processes.start(dated)
    await bank.request('t1')
    await until('it has stopped', () => subscriptions.status()[0]!.state === 'stopped')
    expect(subscriptions.status()[0]!.error).toMatchObject({ code: 'value-not-storable' })
  })
})

describe('instances', () => {
  it('run side by side, each in its order', async () => {
    const order: string[] = []
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const patient = processManager({
      name: 'patient',
      correlate: 'transfer',
      reactions: [
        start(TransferRequested, async (_, { instance }) => {
          if (instance === 't1') await held
          order.push(`start ${instance}`)
        }),
        on(MoneyWithdrawn, (_, { instance }) => void order.push(`on ${instance}`)),
      ],
    })
    const { bank, settled } = await processes.start(patient)
    await bank.request('t1')
    await bank.append('account-ann', withdrawn('t1'))
    await bank.request('t2')
    await bank.append('account-ann', withdrawn('t2'))
    await until('the second is done', () => order.length === 2)
    expect(order).toEqual(['start t2', 'on t2'])
    release()
    await settled()
    expect(order).toEqual(['start t2', 'on t2', 'start t1', 'on t1'])
  })

  it('run one after the other when no more than one is allowed at a time', async () => {
    let atWork = 0
    let most = 0
    const single = processManager({
      name: 'single',
      correlate: 'transfer',
      concurrency: 1,
      reactions: [
        start(TransferRequested, async () => {
          most = Math.max(most, ++atWork)
          await new Promise(setImmediate)
          atWork--
        }),
      ],
    })
    const { bank, settled } = await processes.start(single)
    for (let index = 0; index < 10; index++) await bank.request(`t${index}`)
    await settled()
    expect(most).toBe(1)
  })
})

describe('refusals', () => {
  it('that the manager has nothing for are journaled and warned of, and it goes on', async () => {
    const deaf = processManager({
      name: 'deaf',
      correlate: 'transfer',
      reactions: [
        start(TransferRequested, ({ transfer, from, to, amount }) => [
          new WithdrawMoney({ account: from, amount, transfer, to }),
          new CompleteTransfer({ transfer }),
        ]),
      ],
    })
    const { store, bank, logger, settled } = await processes.start(deaf)
    await bank.request('t1')
    await settled()
    expect(await bank.history('transfer-t1')).toEqual(['transfer-requested', 'transfer-completed'])
    expect(await readJournal(store, 'deaf', 't1')).toMatchObject([
      {},
      { outcomes: [{ refused: { code: 'insufficient-funds' } }], commands: [{ type: 'complete-transfer' }] },
    ])
    expect(logger.at('warn')).toMatchObject([
      { facts: { command: 'withdraw-money', code: 'insufficient-funds', instance: 't1' } },
    ])
  })

  it('come before the commands that were decided with the refused one, and may follow each other', async () => {
    const order: string[] = []
    const stubborn = processManager<number>({
      name: 'stubborn',
      correlate: 'transfer',
      initialState: 0,
      reactions: [
        start(TransferRequested, ({ transfer, from, to, amount }) => [
          new WithdrawMoney({ account: from, amount, transfer, to }),
          new CompleteTransfer({ transfer }),
        ]),
        rejected(WithdrawMoney, (command, { code }, { state, event }) => {
          order.push(`${code} ${state} at ${event.type}`)
          return state < 2 ? { state: state + 1, commands: command } : undefined
        }),
      ],
    })
    const { bank, settled } = await processes.start(stubborn)
    bank.before = ({ command }) => void order.push(command.constructor.name)
    await bank.request('t1')
    await settled()
    expect(order).toEqual([
      'WithdrawMoney',
      'insufficient-funds 0 at transfer-requested',
      'CompleteTransfer',
      'WithdrawMoney',
      'insufficient-funds 1 at transfer-requested',
      'WithdrawMoney',
      'insufficient-funds 2 at transfer-requested',
    ])
    const ids = bank.dispatched.filter(({ command }) => command instanceof WithdrawMoney).map(({ commandId }) => commandId)
    expect(new Set(ids).size).toBe(3)
  })

  it('of commands that an ending event decided are told all the same', async () => {
    const refusals: string[] = []
    const ending = processManager({
      name: 'ending',
      correlate: 'transfer',
      reactions: [
        start(TransferRequested, () => {}),
        end(MoneyRefunded, ({ transfer, amount }) => new WithdrawMoney({ account: 'nobody', amount, transfer, to: 'bob' })),
        rejected(WithdrawMoney, (_, { code }) => void refusals.push(code)),
      ],
    })
    const { store, bank, settled } = await processes.start(ending)
    await bank.request('t1')
    await bank.append('account-ann', new MoneyRefunded({ account: 'ann', amount: 1, transfer: 't1' }))
    await settled()
    expect(refusals).toEqual(['insufficient-funds'])
    expect((await readJournal(store, 'ending', 't1')).map(({ ended }) => ended)).toEqual([false, true, true])
  })
})

describe('a class', () => {
  class Rates {
    constructor(readonly fee: number) {}
  }

  @ProcessManager({ name: 'fees', correlate: 'transfer' })
  class Fees {
    private requests = 0
    private reasons: string[] = []

    constructor(
      private readonly rates: Rates,
      private readonly currency: string,
    ) {}

    @Start(TransferRequested)
    requested({ transfer }: TransferRequested) {
      this.requests++
      this.reasons.push(`${this.rates.fee} ${this.currency}`)
      return new RefuseTransfer({ transfer, reason: this.reasons.join() })
    }

    // Whichever @On was imported, the event is handled.
    @OnOfEventHandlers(MoneyWithdrawn)
    withdrawn({ transfer }: MoneyWithdrawn) {
      return new RefuseTransfer({ transfer: transfer!, reason: `${this.requests} ${this.currency}` })
    }
  }

  const reasons = (bank: { dispatched: readonly { command: unknown }[] }) =>
    bank.dispatched.map(({ command }) => (command as RefuseTransfer).reason)

  it('keeps each instance’s fields apart, and shares what is injected', async () => {
    const { store, bank, settled } = await processes.start(processManagerOf(Fees, () => new Fees(new Rates(7), 'EUR')))
    await bank.request('t1')
    await bank.request('t2')
    await bank.request('t1')
    await settled()
    expect(reasons(bank).sort()).toEqual(['7 EUR', '7 EUR', '7 EUR,7 EUR'])
    // Neither the service nor the injected text, which nothing has changed.
    expect((await readJournal(store, 'fees', 't1')).at(-1)!.state).toEqual({ requests: 2, reasons: ['7 EUR', '7 EUR'] })
  })

  it('sees configuration as it is now, and the instance’s fields as they were', async () => {
    const first = await processes.start(processManagerOf(Fees, () => new Fees(new Rates(7), 'EUR')))
    await first.bank.request('t1')
    await first.settled()
    await first.subscriptions.stop()
    const second = await processes.start(processManagerOf(Fees, () => new Fees(new Rates(8), 'CHF')))
    await second.bank.append('account-ann', withdrawn('t1'))
    await second.settled()
    expect(reasons(second.bank)).toEqual(['1 CHF'])
  })
})
