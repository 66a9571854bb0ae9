import { until } from '@writ/build-tools'
import { retryThenStop } from '@writ/event-handler'
import { AccountClosed, TransferRequested } from '../../test/bank-messages.js'
import { Processes } from '../../test/processes.js'
import { on, processManager, readJournal, start } from '../index.js'

const processes = new Processes()
afterEach(() => processes.stop())

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
