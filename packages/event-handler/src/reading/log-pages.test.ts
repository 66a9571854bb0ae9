import { until } from '@writ/build-tools'
import type { EventStore } from '@writ/event-store'
import { append, appendDeposits, bankEvents, Deposited, withdrawn } from '../../test/bank-events.js'
import { Running } from '../../test/running.js'
import { eventHandler, on } from '../index.js'
import { CatchUp } from './catch-up.js'
import { LogPages } from './log-pages.js'

const running = new Running()
afterEach(() => running.stop())

const wanted = new Set(['deposited', 'withdrawn'])
const amounts = (portion: Awaited<ReturnType<CatchUp['next']>>) =>
  portion.entries.map((entry) => (entry.events[0]!.data as Deposited).amount)

async function logOf(fill: (store: EventStore) => Promise<unknown>) {
  const opened = await running.open([])
  await fill(opened.store)
  const pages = new LogPages(opened.store, bankEvents, wanted, () => {})
  const reader = (types: ReadonlySet<string>, position = 0) => new CatchUp(pages, types, position)
  return Object.assign(opened, { pages, reader })
}

/** To the head of the log. */
async function readOn(reader: CatchUp): Promise<number[]> {
  const seen: number[] = []
  for (let isAtHead = false; !isAtHead; ) {
    const portion = await reader.next()
    seen.push(...amounts(portion))
    isAtHead = portion.isAtHead
  }
  return seen
}

const upTo = (count: number, from = 1) => Array.from({ length: count - from + 1 }, (_, index) => from + index)

describe('subscriptions that are behind', () => {
  it('read each event once, and decode it once', async () => {
    const names = ['one', 'two', 'three', 'four', 'five']
    const seen = names.map(() => [] as Deposited[])
    const first = await running.open([])
    await appendDeposits(first.store, 9_000)
    const haveBegun = until('all have begun', () => seen.every(({ length }) => length > 0))
    const handlers = names.map((name, index) => {
      const handle = (event: Deposited) => {
        seen[index]!.push(event)
        return event.amount === 1 ? haveBegun : undefined
      }
      return eventHandler({ name, on: [on(Deposited, handle)] })
    })
    const opened = await running.start(handlers)
    await until('all have all', () => seen.every(({ length }) => length === 9_000))
    expect(opened.eventsRead).toBe(9_000)
    for (const others of seen.slice(1)) expect(others.every((event, index) => event === seen[0]![index])).toBe(true)
  })

  it('join a page in its middle, and get what comes after them', async () => {
    const log = await logOf((store) => appendDeposits(store, 5_000))
    const [early, late] = [log.reader(wanted), log.reader(wanted, 100)]
    expect(amounts(await early.next())).toEqual(upTo(250))
    expect(amounts(await late.next())).toEqual(upTo(250, 101))
    await readOn(early)
    expect(log.eventsRead).toBe(5_000)
    expect(await readOn(late)).toEqual(upTo(5_000, 251))
  })

  it('keep so many pages at most for the slowest, who reads his own when he comes too late', async () => {
    const log = await logOf((store) => appendDeposits(store, 60_000))
    const [quick, slow] = [log.reader(wanted), log.reader(wanted)]
    const seen = amounts(await slow.next())
    let most = 0
    for (let isAtHead = false; !isAtHead; ) {
      isAtHead = (await quick.next()).isAtHead
      most = Math.max(most, log.pages.countOfKept)
    }
    expect(most).toBeLessThanOrEqual(16_000)
    quick.close()
    expect([...seen, ...(await readOn(slow))]).toEqual(upTo(60_000))
    expect(log.eventsRead).toBeGreaterThan(100_000)
    slow.close()
    expect(log.pages.countOfKept).toBe(0)
  })

  it('share what is read of a type, too, where that is rare', async () => {
    const log = await logOf(async (store) => {
      for (let n = 1; n <= 40; n++) {
        await appendDeposits(store, 1_000)
        await append(store, withdrawn(n))
      }
    })
    const rare = new Set(['withdrawn'])
    const readers = [log.reader(rare), log.reader(rare)]
    expect(await Promise.all(readers.map(readOn))).toEqual([upTo(40), upTo(40)])
    expect(log.eventsRead).toBeLessThan(2_000)
  })

  it('begin anew where a page could not be read', async () => {
    const log = await logOf((store) => appendDeposits(store, 1_000))
    const [one, two] = [log.reader(wanted), log.reader(wanted)]
    log.takeAway()
    const failed = await Promise.allSettled([one.next(), two.next()])
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    log.heal()
    expect(await Promise.all([readOn(one), readOn(two)])).toEqual([upTo(1_000), upTo(1_000)])
    expect(log.eventsRead).toBe(1_000)
  })

  it('are told of no end that another one has seen before them', async () => {
    const log = await logOf((store) => appendDeposits(store, 100))
    const [one, two] = [log.reader(wanted), log.reader(wanted, 50)]
    expect(await one.next()).toMatchObject({ upTo: 100, isAtHead: true })
    await append(log.store, withdrawn(101))
    expect(amounts(await two.next())).toEqual(upTo(100, 51))
    expect(amounts(await two.next())).toEqual([101])
  })
})
