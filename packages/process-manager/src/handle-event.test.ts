import { until } from '@writ/build-tools'
import { stopAtOnce } from '@writ/event-handler'
import { MoneyDeposited, MoneyWithdrawn, TransferRequested } from '../test/bank-messages.js'
import { Processes } from '../test/processes.js'
import { end, on, processManager, readJournal, start } from './index.js'

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
