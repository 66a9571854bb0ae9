import { until } from '@writ/build-tools'
import { append, Deposited, deposited } from '../test/bank-events.js'
import { Running } from '../test/running.js'
import type { TestTransaction } from '../test/troubled-store.js'
import { eventHandler, on, projection } from './index.js'

const running = new Running()
afterEach(() => running.stop())

function recorders() {
  const seen: number[] = []
  const handler = eventHandler({
    name: 'handler',
    consistency: 'strong',
    on: [on(Deposited, ({ amount }) => void seen.push(amount))],
  })
  const ledger = projection<TestTransaction>({
    name: 'ledger',
    on: [on(Deposited, ({ amount }, { write }) => write(`deposited ${amount}`))],
  })
  return { seen, definitions: [handler, ledger] }
}

describe('subscriptions whose log is rewound', () => {
  it('stop loudly, whether they run here or stand by, and handle nothing more', async () => {
    const here = recorders()
    const there = recorders()
    const first = await running.start(here.definitions)
    const second = await running.start(there.definitions)
    await first.subscriptions.waitFor(await append(first.store, deposited(1), deposited(2)))
    await second.store.head()
    running.log.rewind(1)
    // A process that knew nothing of what is gone goes on.
    const later = await running.open([])
    await append(later.store, deposited(3))
    for (const { subscriptions, logger } of [first, second]) {
      await until('all have stopped', () => subscriptions.status().every(({ state }) => state === 'stopped'))
      for (const { error } of subscriptions.status()) expect(error).toMatchObject({ code: 'log-rewound' })
      expect(logger.at('error').map(({ message }) => message)).toContainEqual(expect.stringContaining('the log was rewound'))
    }
    expect([...here.seen, ...there.seen]).toEqual([1, 2])
  })

  it('take the error for what it is also when a handler meets it: no retry, no skip', async () => {
    let meet = () => {}
    const met = new Promise<void>((resolve) => {
      meet = resolve
    })
    const opened = await running.open([
      eventHandler({
        name: 'reads',
        on: [
          on(Deposited, async () => {
            await met
            await opened.store.head()
          }),
        ],
        onError: () => 'skip',
      }),
    ])
    await opened.subscriptions.start()
    await append(opened.store, deposited(1), deposited(2))
    running.log.rewind(1)
    meet()
    await until('it has stopped', () => opened.subscriptions.status()[0]!.state === 'stopped')
    expect(opened.subscriptions.status()).toMatchObject([{ error: { code: 'log-rewound' }, skipped: 0 }])
  })

  it('fail those who wait for a position, and whoever comes later', async () => {
    let release = () => {}
    const held = eventHandler({
      name: 'held',
      consistency: 'strong',
      on: [
        on(
          Deposited,
          () =>
            new Promise<void>((resolve) => {
              release = resolve
            }),
        ),
      ],
    })
    const { store, subscriptions } = await running.start([held])
    const position = await append(store, deposited(1), deposited(2))
    const waiting = subscriptions.waitFor(position)
    running.log.rewind(1)
    await expect(waiting).rejects.toMatchObject({ code: 'log-rewound', lastKnown: { position } })
    await expect(subscriptions.waitFor(1)).rejects.toMatchObject({ code: 'log-rewound' })
    release()
  })

  it('go on from their checkpoints when the store and they are started anew', async () => {
    const { seen, definitions } = recorders()
    const { store, subscriptions } = await running.start(definitions)
    await subscriptions.waitFor(await append(store, deposited(1), deposited(2)))
    await until('the checkpoints are stored', () => subscriptions.status().every(({ checkpoint }) => checkpoint === 2))
    running.log.rewind(1)
    await subscriptions.stop()
    await store.stop()
    await store.start()
    await subscriptions.start()
    await subscriptions.waitFor(await append(store, deposited(3)), ['handler', 'ledger'])
    expect(seen).toEqual([1, 2, 3])
  })
})
