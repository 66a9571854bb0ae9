import { testDatabase } from '@writ/build-tools'
import { type Append, StoreOverloadedError } from '@writ/event-store'
import { countingPool } from '../test/counting-pool.js'
import { closeAfterAll, newEvent, openStore, readEverything, times } from '../test/test-store.js'

closeAfterAll()

const outcomes = (results: readonly PromiseSettledResult<unknown>[]) =>
  results.map((result) => (result.status === 'fulfilled' ? 'stored' : (result.reason as { code: string }).code))

describe('A batch of forty appends', () => {
  const bad: [string, Partial<Append>, string][] = [
    ['data that is no JSON', { events: [newEvent({ data: '{oops' })] }, 'invalid-append'],
    ['data that holds the separator of the batch', { events: [newEvent({ data: '{\u001f}' })] }, 'invalid-append'],
    ['data with a NUL', { events: [newEvent({ data: '"\u0000"' })] }, 'invalid-append'],
    [
      'JSON nested deeper than PostgreSQL reads',
      { events: [newEvent({ data: '['.repeat(50_000) + ']'.repeat(50_000) })] },
      'invalid-append',
    ],
    ['a receipt that is no JSON', { receipts: [{ commandId: 'c', eventsUpTo: 0, body: '\u001f' }] }, 'invalid-append'],
    ['a wrong version', { expectedVersion: 4 }, 'wrong-expected-version'],
  ]
  it.each(bad)('with one that has %s: it fails alone', async (_, change, code) => {
    const store = await openStore()
    const appends = times(40, (index): Append => {
      const plain = { stream: `s-${index}`, events: [newEvent()], expectedVersion: 0 }
      return index === 23 ? { ...plain, ...change } : plain
    })
    const results = outcomes(await Promise.allSettled(appends.map((append) => store.append(append))))
    expect(results.filter((result) => result === 'stored')).toHaveLength(39)
    expect(results[23]).toBe(code)
    expect(await readEverything(store)).toHaveLength(39)
  })

  it('with an event id that is in use, and one that comes twice in the batch: each fails alone', async () => {
    const store = await openStore()
    const [used, twice] = [newEvent(), newEvent()]
    await store.append({ stream: 'before', events: [used] })
    const events = times(40, (index) => (index === 10 ? used : index === 20 || index === 30 ? twice : newEvent()))
    const results = outcomes(
      await Promise.allSettled(events.map((event, index) => store.append({ stream: `s-${index}`, events: [event] }))),
    )
    expect(results.filter((result) => result === 'stored')).toHaveLength(38)
    expect([results[10], results[20], results[30]]).toEqual(['event-id-conflict', 'stored', 'event-id-conflict'])
  })

  it('of one stream, each of any version, are written as one and answered each', async () => {
    const { connectionString, schema } = testDatabase()
    const { pool, texts } = countingPool({ connectionString, max: 3 })
    const store = await openStore({ pool, schema })
    const repeated = newEvent()
    await store.append({ stream: 'hot', events: [repeated] })
    texts.length = 0
    const appended = await Promise.all(times(50, () => store.append({ stream: 'hot', events: [newEvent()] })))
    expect(appended.map(({ version, position }) => [version, position])).toEqual(times(50, (index) => [index + 2, index + 2]))
    expect(texts).toHaveLength(1)
    const [again, next] = await Promise.all([
      store.append({ stream: 'hot', events: [repeated] }),
      store.append({ stream: 'hot', events: [newEvent()] }),
    ])
    expect([again.version, next.version]).toEqual([1, 52])
  })
})

describe('The queue of appends', () => {
  it('needs one statement a batch, of one append or of many', async () => {
    const { connectionString, schema } = testDatabase()
    const { pool, texts } = countingPool({ connectionString, max: 3 })
    const store = await openStore({ pool, schema })
    texts.length = 0
    await store.append({ stream: 'a', events: [newEvent()] })
    expect(texts).toEqual([expect.stringMatching(/^call .*append_one/)])
    texts.length = 0
    const appendAtOnce = (count: number) =>
      Promise.all(times(count, (index) => store.append({ stream: `s-${index}`, events: [newEvent()] })))
    await appendAtOnce(40)
    expect(texts).toEqual([expect.stringMatching(/^call .*append_batch/)])
    texts.length = 0
    await appendAtOnce(100)
    expect(texts).toEqual(times(2, () => expect.stringMatching(/^call .*append_batch/)))
  })

  it('takes streams that are expected to be new for such, and looks for a while when one was not', async () => {
    const { connectionString, schema } = testDatabase()
    const { pool, texts } = countingPool({ connectionString, max: 3 })
    const store = await openStore({ pool, schema })
    await store.append({ stream: 'old', events: [newEvent()] })
    const create = (...streams: string[]) =>
      Promise.allSettled(streams.map((stream) => store.append({ stream, events: [newEvent()], expectedVersion: 'no-stream' })))
    texts.length = 0
    expect(outcomes(await create('a', 'old', 'b'))).toEqual(['stored', 'wrong-expected-version', 'stored'])
    expect(texts.filter((text) => text.includes('append_batch'))).toHaveLength(2)
    texts.length = 0
    expect(outcomes(await create('c', 'old', 'd'))).toEqual(['stored', 'wrong-expected-version', 'stored'])
    expect(texts.filter((text) => text.includes('append_batch'))).toHaveLength(1)
  })

  it.each([[false], [true]])('does not take a deleted stream for a new one (its events taken out: %s)', async (hard) => {
    const { connectionString, schema } = testDatabase()
    const eraser = await openStore({ connectionString, schema, allowHardDelete: true })
    const store = await openStore({ connectionString, schema })
    await store.append({ stream: 'gone', events: [newEvent()] })
    await eraser.streams.delete('gone', { hard })
    const results = await Promise.allSettled(
      ['a', 'gone', 'b'].map((stream) => store.append({ stream, events: [newEvent()], expectedVersion: 'no-stream' })),
    )
    expect(outcomes(results)).toEqual(['stored', 'stream-deleted', 'stored'])
  })

  it('refuses as overloaded what is beyond its bound, and stores what it took', async () => {
    const store = await openStore({ maxWaitingAppends: 10 })
    const results = await Promise.allSettled(times(15, (index) => store.append({ stream: `s-${index}`, events: [newEvent()] })))
    expect(outcomes(results)).toEqual([...times(10, () => 'stored'), ...times(5, () => 'overloaded')])
    expect((results[14] as PromiseRejectedResult).reason).toBeInstanceOf(StoreOverloadedError)
    expect(await readEverything(store)).toHaveLength(10)
  })

  it('is drained by a stop: what was taken in is stored and answered', async () => {
    const { connectionString, schema } = testDatabase()
    const store = await openStore({ connectionString, schema })
    const appended = Promise.all(times(300, (index) => store.append({ stream: `s-${index}`, events: [newEvent()] })))
    await store.stop()
    expect(await appended).toHaveLength(300)
    await expect(store.append({ stream: 'late', events: [newEvent()] })).rejects.toMatchObject({ code: 'store-not-running' })
    await store.start()
    expect(await readEverything(store)).toHaveLength(300)
  })
})
