import { silentLogger, systemRuntime, type WrittenEvents } from '@writ/event-store'
import type pg from 'pg'
import { HeadPoll } from './head-poll.js'
import { Listeners } from './listeners.js'

/** A poll over a log whose head is set by hand; it sleeps until it is told that its time has come. */
function sample() {
  const log = { head: 0, looks: 0, isAway: false }
  const slept: number[] = []
  let wake = () => {}
  const runtime = {
    ...systemRuntime,
    sleep: (milliseconds: number, signal?: AbortSignal) =>
      new Promise<void>((resolve) => {
        slept.push(milliseconds)
        wake = () => {
          signal?.removeEventListener('abort', wake)
          resolve()
        }
        signal?.addEventListener('abort', wake)
      }),
  }
  const connections = {
    using: <T>(_operation: string, work: (client: pg.PoolClient) => Promise<T>) => work({} as pg.PoolClient),
  }
  const guard = {
    examine: async () => {
      log.looks++
      if (log.isAway) throw new Error('away')
      return log.head
    },
  }
  const wakeUps = new Listeners<[WrittenEvents?]>(silentLogger)
  const options = { runtime, logger: silentLogger }
  const poll = new HeadPoll(connections, guard, wakeUps, options)
  poll.start()
  const look = async (times = 1) => {
    for (let done = 0; done < times; done++) {
      wake()
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return { log, slept, poll, wakeUps, look }
}

describe('The poll of a store that can not listen', () => {
  it('looks often while events flow, and seldom again when they have ceased', async () => {
    const { log, slept, poll, wakeUps, look } = sample()
    let woken = 0
    wakeUps.add(() => woken++)
    await look(3)
    expect([slept, woken]).toEqual([[250, 250, 250, 250], 0])
    for (log.head = 1; log.head <= 3; log.head++) await look()
    expect(woken).toBe(3)
    log.head = 3
    await look(6)
    expect(slept.slice(4)).toEqual([20, 20, 20, 40, 80, 160, 250, 250, 250])
    expect(woken).toBe(3)
    await poll.stop()
  })

  it('wakes nobody for what this process has appended', async () => {
    const { log, poll, wakeUps, look } = sample()
    let woken = 0
    wakeUps.add(() => woken++)
    log.head = 5
    poll.saw(5)
    await look()
    expect(woken).toBe(0)
    await poll.stop()
  })

  it('looks once a second while nobody wants to know', async () => {
    const { log, slept, poll, look } = sample()
    await look(40)
    expect(log.looks).toBe(10)
    expect(new Set(slept)).toEqual(new Set([250]))
    await poll.stop()
  })

  it('goes on when the store was away, and tells then of what came meanwhile', async () => {
    const { log, poll, wakeUps, look } = sample()
    let woken = 0
    wakeUps.add(() => woken++)
    log.isAway = true
    log.head = 1
    await look(2)
    expect(woken).toBe(0)
    log.isAway = false
    await look()
    expect(woken).toBe(1)
    await poll.stop()
  })
})
