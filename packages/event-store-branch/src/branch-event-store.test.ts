import { type Append, type EventStore, eventsOf, hasCode, type NewEvent, type StoredEvent } from '@writ/event-store'
import { inMemoryEventStore } from '@writ/event-store-memory'
import fc from 'fast-check'
import { filled, sample } from '../test/filled.js'
import { branchEventStore } from './index.js'

const store = async () => {
  const made = inMemoryEventStore()
  await made.start()
  return made
}
const branch = async (base: EventStore, at?: number) => {
  const made = branchEventStore({ base, ...(at !== undefined && { at }) })
  await made.start()
  return made
}
const all = async (pages: AsyncIterable<readonly StoredEvent[]>) => {
  const events: StoredEvent[] = []
  for await (const event of eventsOf(pages)) events.push(event)
  return events
}

describe('a branch', () => {
  it('begins as its base is, goes on by itself, and leaves the base as it is', async () => {
    const base = await store()
    await filled(base, 9)
    const before = await all(base.readAll())
    const what = await branch(base)
    expect(await what.append({ stream: 'note-0', events: [sample()], expectedVersion: 3 })).toEqual({ version: 4, position: 10 })
    await base.append({ stream: 'note-0', events: [sample({ type: 'elsewhere' })] })
    expect((await all(what.readStream('note-0'))).map(({ version, type }) => [version, type])).toEqual(
      [1, 2, 3, 4].map((version) => [version, 'noted']),
    )
    expect((await all(base.readAll())).slice(0, 9)).toEqual(before)
    expect((await base.head()).position).toBe(10)
  })

  it('can begin in the past, and sees nothing that came later', async () => {
    const base = await store()
    await filled(base, 30)
    const what = await branch(base, 10)
    expect(what.at).toBe(10)
    expect(await what.head()).toMatchObject({ position: 10 })
    expect((await all(what.readAll())).length).toBe(10)
    expect((await all(what.readStream('note-1'))).map(({ position }) => position)).toEqual([2, 5, 8])
    expect((await all(what.readAll({ query: { items: [{ tags: ['even'] }] } }))).length).toBe(5)
    expect((await all(what.readStream('note-1', { direction: 'backwards', limit: 2 }))).map(({ position }) => position)).toEqual([
      8, 5,
    ])
  })

  it("answers a command that was handled before by the base's receipt, and not one that came later", async () => {
    const base = await store()
    const receipt = (commandId: string) => [{ commandId, eventsUpTo: 1, body: '{}' }]
    await base.append({ stream: 'note-1', events: [sample()], receipts: receipt('before') })
    await base.append({ stream: 'note-1', events: [sample()], receipts: receipt('after') })
    const what = await branch(base, 1)
    const again = (commandId: string) => what.append({ stream: 'note-1', events: [sample()], receipts: receipt(commandId) })
    await expect(again('before')).rejects.toMatchObject({ code: 'command-already-handled', receipt: { version: 1, position: 1 } })
    await expect(again('after')).resolves.toEqual({ version: 2, position: 2 })
    expect(await what.receipts.find('after')).toMatchObject({ version: 2, position: 2 })
    expect(await base.receipts.find('after')).toMatchObject({ version: 2, position: 2, createdAt: expect.any(Date) })
  })

  it('uses snapshots of the base that stand for its past, saves its own, and deletes none of the base', async () => {
    const base = await store()
    await filled(base, 6)
    const snapshot = { stream: 'note-0', version: 1, position: 1, schemaVersion: 1, state: '"base"' }
    await base.snapshots.save(snapshot)
    const [past, before] = [await branch(base, 4), await branch(base, 0)]
    expect(await past.snapshots.load('note-0', 1)).toEqual(snapshot)
    expect(await before.snapshots.load('note-0', 1)).toBeUndefined()
    await past.snapshots.save({ ...snapshot, version: 2, position: 4, state: '"own"' })
    expect(await past.snapshots.load('note-0', 1)).toMatchObject({ state: '"own"' })
    await past.snapshots.delete('note-0')
    expect(await past.snapshots.load('note-0', 1)).toBeUndefined()
    expect(await base.snapshots.load('note-0', 1)).toEqual(snapshot)
  })

  it('can be branched again', async () => {
    const base = await store()
    await filled(base, 4)
    const what = await branch(base, 2)
    await what.append({ stream: 'note-0', events: [sample()] })
    const other = await branch(what)
    expect(await other.append({ stream: 'note-0', events: [sample()], expectedVersion: 2 })).toEqual({ version: 3, position: 4 })
    expect((await all(what.readAll())).length).toBe(3)
  })

  it('refuses to work before it has started', async () => {
    const what = branchEventStore({ base: await store() })
    expect(() => what.at).toThrow(expect.objectContaining({ code: 'store-not-running' }))
    await expect(what.append({ stream: 'a', events: [sample()] })).rejects.toMatchObject({ code: 'store-not-running' })
  })

  it('is, wherever it parts from its base, what one store would be to which all was appended', async () => {
    const streams = fc.constantFrom('a-1', 'a-2', 'b-1')
    const append = fc.record({
      stream: streams,
      events: fc.integer({ min: 0, max: 3 }),
      tags: fc.subarray(['red', 'blue']),
      expectedVersion: fc.constantFrom('any' as const, 'no-stream' as const, 'stream-exists' as const, 0, 1, 2, 3),
      condition: fc.option(fc.record({ tag: fc.constantFrom('red', 'blue'), after: fc.nat(8) }), { freq: 2, nil: undefined }),
      receipt: fc.option(fc.nat(4), { freq: 2, nil: undefined }),
    })
    const read = fc.record({
      direction: fc.constantFrom('forwards' as const, 'backwards' as const),
      limit: fc.integer({ min: 0, max: 30 }),
      pageSize: fc.integer({ min: 1, max: 4 }),
    })
    const range = fc.tuple(fc.nat(12), fc.nat(20))
    await fc.assert(
      fc.asyncProperty(
        fc.array(append, { maxLength: 25 }),
        fc.nat(25),
        read,
        range,
        streams,
        async (given, parting, options, [from, to], stream) => {
          const appends = given.map(
            ({ stream, events, tags, expectedVersion, condition, receipt }): Append => ({
              stream,
              expectedVersion,
              events: Array.from({ length: events }, (): NewEvent => sample({ tags })),
              ...(condition && { condition: { failIfMatch: { items: [{ tags: [condition.tag] }] }, after: condition.after } }),
              ...(receipt !== undefined && { receipts: [{ commandId: `${receipt}`, eventsUpTo: events, body: '{}' }] }),
            }),
          )
          const [whole, base] = [await store(), await store()]
          for (const one of appends.slice(0, parting)) await Promise.allSettled([whole.append(one), base.append(one)])
          const what = await branch(base)
          // What the base goes on with is none of the branch's business.
          await base.append({ stream: 'a-1', events: [sample({ tags: ['red', 'blue'] })] })
          for (const one of appends.slice(parting)) expect(await outcome(what, one)).toEqual(await outcome(whole, one))
          const looks = [
            (of: EventStore) => all(of.readAll({ ...options, after: from, upTo: to })),
            (of: EventStore) => all(of.readAll({ ...options, query: { items: [{ tags: ['red'] }] } })),
            (of: EventStore) => all(of.readStream(stream, { ...options, fromVersion: from, toVersion: to })),
          ]
          for (const look of looks) expect((await look(what)).map(undated)).toEqual((await look(whole)).map(undated))
        },
      ),
      { numRuns: 150 },
    )
  })
})

const undated = ({ createdAt: _, ...event }: StoredEvent) => event

async function outcome(store: EventStore, append: Append): Promise<unknown> {
  try {
    return await store.append(append)
  } catch (error) {
    if (hasCode(error, 'append-condition-failed')) return error.code
    const { code, actualVersion, missed, receipt } = error as {
      code: string
      actualVersion?: number
      missed?: StoredEvent[]
      receipt?: { version: number; position: number }
    }
    return { code, actualVersion, missed: missed?.map(undated), version: receipt?.version, position: receipt?.position }
  }
}
