import { until } from '@writ/build-tools'
import { append, appendDeposits, Deposited, deposited } from '../test/bank-events.js'
import { Running } from '../test/running.js'
import type { TestProcess } from '../test/test-process.js'
import type { TestTransaction } from '../test/troubled-store.js'
import { eventHandler, on, projection, type ResetContext } from './index.js'

const running = new Running()
afterEach(() => running.stop())

function recorder(before: (amount: number) => unknown = () => {}) {
  const seen: number[] = []
  const handle = on(Deposited, async ({ amount }) => {
    await before(amount)
    seen.push(amount)
  })
  return { seen, definition: eventHandler({ name: 'recorder', partitions: 2, onError: () => 'stop', on: [handle] }) }
}

const state = ({ subscriptions }: TestProcess) => subscriptions.status()[0]!.state
const lease = { leaseMilliseconds: 600 }

describe('a subscription can be', () => {
  it('paused and resumed, in all processes and over restarts; events wait meanwhile', async () => {
    const [first, second] = [recorder(), recorder()]
    const one = await running.start([first.definition], lease)
    const two = await running.start([second.definition], lease)
    await append(one.store, deposited(1))
    await until('it was handled', () => first.seen.length + second.seen.length === 1)
    await two.subscriptions.pause('recorder')
    await until('both rest', () => state(one) === 'paused' && state(two) === 'paused')
    expect((await one.store.checkpoints.list()).map(({ owner }) => owner)).toEqual([undefined, undefined])
    await append(one.store, deposited(2))
    await two.subscriptions.stop()
    const three = await running.start([recorder().definition], lease)
    await until('it rests there, too', () => state(three) === 'paused')
    expect(one.subscriptions.status()).toMatchObject([{ isPaused: true, here: 0 }])
    expect([...first.seen, ...second.seen]).toEqual([1])
    await three.subscriptions.stop()
    await one.subscriptions.resume('recorder')
    await until('it goes on', () => first.seen.includes(2))
  })

  it('reset to the beginning, to the newest event and to a position', async () => {
    const { seen, definition } = recorder()
    const { store, subscriptions } = await running.start([definition], lease)
    await appendDeposits(store, 3)
    await until('all were handled', () => seen.length === 3)
    await subscriptions.reset('recorder', { to: 'origin' })
    await until('all came again', () => seen.length === 6)
    await subscriptions.reset('recorder', { to: 2 })
    await until('the last came again', () => seen.length === 7)
    await subscriptions.pause('recorder')
    await until('it rests', () => subscriptions.status()[0]!.state === 'paused')
    await append(store, deposited(4))
    await subscriptions.reset('recorder', { to: 'current' })
    await subscriptions.resume('recorder')
    await append(store, deposited(5))
    await until('the new one came', () => seen.includes(5))
    expect(seen).toEqual([1, 2, 3, 1, 2, 3, 3, 5])
  })

  it('reset in the midst of a handler, whose work does not count then', async () => {
    let release = () => {}
    let isHeld = true
    const { seen, definition } = recorder(async (amount) => {
      if (amount === 2 && isHeld) {
        await new Promise<void>((resolve) => {
          release = resolve
        })
      }
    })
    const { store, subscriptions } = await running.start([definition], lease)
    await append(store, deposited(1))
    await until('the first was stored', () => subscriptions.status()[0]!.lag === 0 && seen.length === 1)
    const position = await append(store, deposited(2))
    await until('the second is at work', () => subscriptions.status()[0]!.lag > 0)
    isHeld = false
    await subscriptions.reset('recorder', { to: 'origin' })
    release()
    await until('both came again', () => seen.filter((amount) => amount === 2).length >= 2)
    await subscriptions.waitFor(position, ['recorder'])
    expect(seen.filter((amount) => amount === 1)).toEqual([1, 1])
  })

  it('reset together with what its beforeReset does: both or neither', async () => {
    const contexts: ResetContext<TestTransaction>[] = []
    let isFailing = true
    const rows: number[] = []
    const ledger = projection<TestTransaction>({
      name: 'ledger',
      on: [on(Deposited, ({ amount }) => void rows.push(amount))],
      beforeReset: (context) => {
        contexts.push(context)
        if (isFailing) throw new Error('no right to truncate')
        rows.length = 0
      },
    })
    const { store, subscriptions } = await running.start([ledger], lease)
    await appendDeposits(store, 3)
    await until('all were handled', () => rows.length === 3)
    await expect(subscriptions.reset('ledger', { to: 'origin' })).rejects.toThrow('no right to truncate')
    expect(await store.checkpoints.list('ledger@1')).toMatchObject([{ checkpoint: 3 }])
    isFailing = false
    await subscriptions.reset('ledger', { to: 'origin' })
    await until('all came again', () => rows.length === 3 && contexts.length === 2)
    expect(contexts[1]).toMatchObject({ subscription: 'ledger@1', to: 0 })
  })

  it('waited for after a reset: it has not come so far any more', async () => {
    let isHeld = false
    const { seen, definition } = recorder(() => until('it is let go', () => !isHeld))
    const { store, subscriptions } = await running.start([definition], lease)
    const position = await appendDeposits(store, 3)
    await subscriptions.waitFor(position, ['recorder'])
    isHeld = true
    await subscriptions.reset('recorder', { to: 'origin' })
    await until('it has been sent back', () => subscriptions.status()[0]!.checkpoint === 0)
    const waiting = expect(subscriptions.waitFor(position, ['recorder'], { timeout: 100 })).rejects.toMatchObject({
      code: 'committed-not-yet-visible',
    })
    await waiting
    isHeld = false
    await subscriptions.waitFor(position, ['recorder'])
    expect(seen.length).toBe(6)
  })

  it('deleted when it is paused; it begins anew with the next start', async () => {
    const { seen, definition } = recorder()
    const { store, subscriptions } = await running.start([definition], lease)
    await appendDeposits(store, 3)
    await until('all were handled', () => seen.length === 3)
    await expect(subscriptions.delete('recorder')).rejects.toMatchObject({ code: 'subscription-in-use' })
    await subscriptions.pause('recorder')
    await until('it rests', () => subscriptions.status()[0]!.state === 'paused')
    await subscriptions.delete('recorder')
    expect(await store.checkpoints.list()).toEqual([])
    await until('it has noticed', () => subscriptions.status()[0]!.error?.code === 'subscription-deleted')
    await subscriptions.stop()
    const next = recorder()
    await running.start([next.definition], lease)
    await until('all came again', () => next.seen.length === 3)
  })

  it('deleted when nobody defines it any more', async () => {
    const { definition } = recorder()
    const before = await running.start([definition], lease)
    await until('it runs', () => state(before) === 'running')
    const after = await running.start([eventHandler({ name: 'other', on: [on(Deposited, () => {})] })], lease)
    await expect(after.subscriptions.delete('recorder')).rejects.toMatchObject({ code: 'subscription-in-use' })
    await before.subscriptions.stop()
    await after.subscriptions.delete('recorder')
    expect((await after.store.checkpoints.list()).map(({ subscription }) => subscription)).toEqual(['other'])
  })

  it('begun again where its error policy has stopped it', async () => {
    let isBroken = true
    const { seen, definition } = recorder(() => {
      if (isBroken) throw new Error('no disk')
    })
    const one = await running.start([definition], lease)
    await append(one.store, deposited(1))
    await until('it has stopped', () => state(one) === 'stopped')
    isBroken = false
    await one.subscriptions.resume('recorder')
    await until('it goes on', () => seen.length === 1)
    expect(state(one)).toBe('running')
  })
})

describe('what is asked of a subscription is refused', () => {
  it('with a name that nobody has; the nearest one is told', async () => {
    const { definition } = recorder()
    const { subscriptions } = await running.start([definition], lease)
    const asked = [
      subscriptions.pause('recordr'),
      subscriptions.resume('recordr'),
      subscriptions.reset('recordr', { to: 'origin' }),
      subscriptions.delete('recordr'),
    ]
    for (const refused of asked) {
      await expect(refused).rejects.toMatchObject({
        code: 'unknown-handler',
        message: expect.stringContaining("'recorder' may be"),
      })
    }
  })

  it('before the start', async () => {
    const { subscriptions } = await running.open([recorder().definition], lease)
    await expect(subscriptions.pause('recorder')).rejects.toMatchObject({ code: 'subscriptions-not-running' })
  })

  it('as a reset to nowhere', async () => {
    const { subscriptions } = await running.start([recorder().definition], lease)
    for (const target of [undefined, null, { two: 'origin' }])
      await expect(subscriptions.reset('recorder', target as never)).rejects.toMatchObject({ code: 'invalid-option' })
  })

  it('as a reset beyond the end of the log, or to what is no position', async () => {
    const { subscriptions } = await running.start([recorder().definition], lease)
    for (const to of [1, -1, 0.5, 'end' as 'origin']) {
      await expect(subscriptions.reset('recorder', { to })).rejects.toMatchObject({ code: 'invalid-reset' })
    }
  })

  it('as a reset that sends a projection back without a beforeReset: it would count twice', async () => {
    const rows: number[] = []
    const ledger = projection({ name: 'ledger', on: [on(Deposited, ({ amount }) => void rows.push(amount))] })
    const { store, subscriptions } = await running.start([ledger], lease)
    const position = await appendDeposits(store, 3)
    await subscriptions.waitFor(position, ['ledger'])
    await expect(subscriptions.reset('ledger', { to: 'origin' })).rejects.toMatchObject({ code: 'invalid-reset' })
    await subscriptions.reset('ledger', { to: 'current' })
  })
})
