import { append, appendDeposits, Deposited, deposited } from '../../test/bank-events.js'
import { Running } from '../../test/running.js'
import { until } from '../../test/until.js'
import { eventHandler, on } from '../index.js'

const running = new Running()
afterEach(() => running.stop())

function recorder() {
  const seen: number[] = []
  return { seen, definition: eventHandler({ name: 'recorder', on: [on(Deposited, ({ amount }) => void seen.push(amount))] }) }
}

function storing() {
  let isStored = () => {}
  const stored = new Promise<void>((resolve) => {
    isStored = resolve
  })
  return { stored, isStored: () => isStored() }
}

describe('a checkpoint that is being stored', () => {
  it('holds no handler up, but until the next one is due', async () => {
    const { seen, definition } = recorder()
    const { store, before, subscriptions, ...opened } = await running.open([definition])
    await appendDeposits(store, 12_000)
    const { isStored, stored } = storing()
    before.advance = (call) => (call === 1 ? stored : undefined)
    await subscriptions.start()
    await until('many are handled', () => seen.length > 1_000)
    await until('the next save is due', () => seen.length > 1_000 && opened.calls.advance === 1)
    expect(seen.length).toBeLessThan(12_000)
    isStored()
    await until('all are handled', () => seen.length === 12_000)
    await subscriptions.stop()
    expect(await store.checkpoints.list('recorder')).toMatchObject([{ checkpoint: 12_000 }])
  })

  it('is waited for before the lease is given back', async () => {
    const { seen, definition } = recorder()
    const { store, before, calls, subscriptions } = await running.start([definition])
    const { isStored, stored } = storing()
    before.advance = (call) => (call === 1 ? stored : undefined)
    await append(store, deposited(1), deposited(2))
    await until('they are handled, and being stored', () => seen.length === 2 && calls.advance === 1)
    const stopped = subscriptions.stop()
    expect(calls.release).toBe(0)
    isStored()
    await stopped
    expect(await store.checkpoints.list('recorder')).toMatchObject([{ checkpoint: 2, owner: undefined }])
  })
})
