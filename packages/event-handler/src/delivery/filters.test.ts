import { until } from '@writ/build-tools'
import { newEvent, systemRuntime } from '@writ/event-store'
import { Deposited, deposited, Withdrawn, withdrawn } from '../../test/bank-events.js'
import { Running } from '../../test/running.js'
import { type EventFilter, eventHandler, on, projection } from '../index.js'

const running = new Running()
afterEach(() => running.stop())

/** Stream, amount and tags. */
const log = [
  ['account-a', 1, ['vip']],
  ['account-b', 2, []],
  ['purse-a', 3, ['vip', 'eu']],
  ['account-a', 4, ['eu', 'vip']],
] as const

async function write(store: Awaited<ReturnType<Running['open']>>['store'], times = 1): Promise<number> {
  let position = 0
  for (let time = 0; time < times; time++) {
    for (const [stream, amount, tags] of log) {
      const event = { ...newEvent(deposited(amount, stream), systemRuntime.uuid()), tags }
      position = (await store.append({ stream, events: [event] })).position
    }
  }
  return position
}

const cases: [EventFilter, number[]][] = [
  [{ category: 'account' }, [1, 2, 4]],
  [{ category: ['purse', 'other'] }, [3]],
  [{ stream: 'account-a' }, [1, 4]],
  [{ tags: ['vip'] }, [1, 3, 4]],
  [{ tags: ['eu', 'vip'] }, [3, 4]],
  [{ category: 'account', tags: ['eu'] }, [4]],
  [{ stream: 'account-b', tags: ['eu'] }, []],
]

describe('a handler with a filter', () => {
  it.each(cases)('gets what passes it: %j', async (filter, amounts) => {
    const seen: number[] = []
    const named = { name: 'filtered', ...filter }
    const filtered = eventHandler({ ...named, on: [on(Deposited, ({ amount }) => void seen.push(amount))] })
    // Stored before it starts, and read page by page; then near the head, and read along with others.
    const { store } = await running.open([])
    await write(store, 200)
    const { subscriptions } = await running.start([filtered, eventHandler({ name: 'all', on: [on(Deposited, () => {})] })])
    await subscriptions.waitFor(800, ['filtered', 'all'])
    expect(seen).toHaveLength(200 * amounts.length)
    await subscriptions.waitFor(await write(store), ['filtered'])
    expect(seen.slice(200 * amounts.length)).toEqual(amounts)
    await until('its checkpoint has come past the rest', () => subscriptions.status()[0]!.checkpoint === 804)
  })

  it('of one stream, far behind, asks the store for that stream and no other', async () => {
    const opened = await running.open([])
    for (let time = 0; time < 40; time++) {
      const others = Array.from({ length: 250 }, (_, index) => newEvent(deposited(index, 'b'), systemRuntime.uuid()))
      await opened.store.append({ stream: 'account-b', events: others })
      await opened.store.append({ stream: 'account-a', events: [newEvent(deposited(time), systemRuntime.uuid())] })
    }
    const seen: number[] = []
    const own = on(Deposited, ({ amount }) => void seen.push(amount))
    const started = await running.start([eventHandler({ name: 'filtered', stream: 'account-a', on: [own] })])
    await started.subscriptions.waitFor(40 * 251, ['filtered'])
    expect(seen).toEqual(Array.from({ length: 40 }, (_, time) => time))
    // The first page tells that little of the log concerns it.
    expect(started.eventsRead).toBeLessThan(5_000)
  })

  it('is not held up by events that can not be read and do not concern it', async () => {
    const seen: number[] = []
    const { store } = await running.open([])
    await store.append({
      stream: 'purse-a',
      events: [{ ...newEvent(deposited(1), systemRuntime.uuid()), data: 'true', schemaVersion: 9 }],
    })
    await store.append({ stream: 'account-a', events: [newEvent(deposited(2), systemRuntime.uuid())] })
    const handler = eventHandler({
      name: 'filtered',
      category: 'account',
      on: [on(Deposited, ({ amount }) => void seen.push(amount))],
    })
    const { subscriptions } = await running.start([handler])
    await subscriptions.waitFor(2, ['filtered'])
    expect(seen).toEqual([2])
  })

  it('is not waited for where its filter leaves out what was written, in this process and from another one', async () => {
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const slow = projection({ name: 'slow', category: 'account', on: [on(Deposited, () => held), on(Withdrawn, () => held)] })
    const here = await running.start([slow])
    await until('it runs here', () => here.subscriptions.status()[0]!.state === 'running')
    const there = await running.start([slow])
    await here.store.append({ stream: 'account-a', events: [newEvent(deposited(1), systemRuntime.uuid())] })
    const event = newEvent(withdrawn(1), systemRuntime.uuid())
    const { position } = await here.store.append({ stream: 'purse-a', events: [event] })
    for (const { subscriptions } of [here, there]) {
      const written = { stream: 'purse-a', types: ['withdrawn'] }
      await subscriptions.waitFor(position, ['slow'], { written, timeout: 60_000 })
      const elsewhere = { stream: 'account-a', types: ['withdrawn'] }
      await expect(subscriptions.waitFor(position, ['slow'], { written: elsewhere, timeout: 10 })).rejects.toMatchObject({
        code: 'committed-not-yet-visible',
      })
    }
    release()
    // Beyond the first event nothing concerns it, which the log tells before its checkpoint does.
    await there.subscriptions.waitFor(position, ['slow'], { timeout: 5_000 })
  })

  it.each([
    [{ category: 'account-a' }, /'category'/],
    [{ category: [] }, /'category'/],
    [{ stream: '' }, /'stream'/],
    [{ stream: 'purse-a', category: 'account' }, /is not of its 'category'/],
    [{ tags: [] }, /'tags'/],
    [{ tags: 'vip' }, /'tags'/],
  ])('is refused where it can be no filter: %j', (filter, message) => {
    const named = { name: 'filtered', ...(filter as EventFilter) }
    expect(() => eventHandler({ ...named, on: [on(Deposited, () => {})] })).toThrow(message)
  })
})
