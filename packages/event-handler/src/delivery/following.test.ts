import { until } from '@writ/build-tools'
import { systemRuntime } from '@writ/event-store'
import { append, Deposited, deposited, withdrawn } from '../../test/bank-events.js'
import { Running } from '../../test/running.js'
import { eventHandler, on } from '../index.js'

const running = new Running()
afterEach(() => running.stop())

describe('what a subscription waits by', () => {
  it('is one timer, however often what it has to do is due sooner, or later', async () => {
    let asleep = 0
    const runtime = {
      ...systemRuntime,
      async sleep(milliseconds: number, signal?: AbortSignal) {
        asleep++
        await systemRuntime.sleep(milliseconds, signal)
        asleep--
      },
    }
    let handled = 0
    const handler = eventHandler({ name: 'counting', on: [on(Deposited, () => void handled++)] })
    const { store, subscriptions } = await running.start([handler], { runtime })
    const before = asleep
    for (let round = 1; round <= 10; round++) {
      // Past what does not concern it the checkpoint moves within a second, past what does at once or within a tenth.
      await append(store, withdrawn(1, 'a'))
      await subscriptions.waitFor((await store.head()).position, ['counting'])
      await append(store, deposited(1, 'a'))
      await until('the first is handled', () => handled === 2 * round - 1)
      await append(store, deposited(2, 'a'))
      const { position } = await store.head()
      await until('it is stored', async () => (await store.checkpoints.list('counting'))[0]!.checkpoint === position)
    }
    expect(handled).toBe(20)
    expect(asleep).toBeLessThanOrEqual(before + 3)
  })
})
