import { until } from '@writ/build-tools'
import { retryThenStop, skipAtOnce } from '@writ/event-handler'
import { StoreUnavailableError } from '@writ/event-store'
import {
  CompleteTransfer,
  MoneyWithdrawn,
  PraiseCustomer,
  RefuseTransfer,
  TransferCompleted,
  TransferRequested,
  WithdrawMoney,
} from '../test/bank-messages.js'
import { Processes } from '../test/processes.js'
import { transferProcess } from '../test/transfer-process.js'
import { on, processManager, readJournal, rejected, start } from './index.js'

const processes = new Processes()
afterEach(() => processes.stop())

const withdrawn = (transfer?: string) => new MoneyWithdrawn({ account: 'ann', amount: 10, transfer })

describe('failures of a process manager', () => {
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
