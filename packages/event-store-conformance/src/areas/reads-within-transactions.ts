import { eventsOf, type ReadsWithin, type StoredEvent } from '@writ/event-store'
import type { Area } from '../area.js'
import { idsOf, sample, samples, upTo } from '../sample-events.js'

/** What work in a transaction reads of the store: what is stored, and none of what it appends itself. */
export const readsWithinTransactions: Area = (declare) => {
  const scenario: typeof declare = (sentence, run, ...needs) => declare(sentence, run, 'transactions', ...needs)

  scenario('reads streams and the log, as far as they are stored', async ({ store, start, unique }) => {
    const [stream, other] = [unique('account'), unique('account')]
    const events = samples(3)
    await store.append({ stream, events })
    const head = await store.head()
    await store.transaction(async ({ append, reads }) => {
      append({ stream, events: samples(2) })
      append({ stream: other, events: samples(1) })
      expect(idsOf(await streamOf(reads, stream))).toEqual(idsOf(events))
      expect(await streamOf(reads, other)).toEqual([])
      expect(idsOf(await all(reads.readAll({ after: start })))).toEqual(idsOf(events))
      expect(await reads.head()).toEqual(head)
    })
  })

  scenario('reads what others have stored while the work goes on', async ({ store, unique }) => {
    const stream = unique('account')
    await store.transaction(async ({ reads }) => {
      expect(await streamOf(reads, stream)).toEqual([])
      const { position } = await store.append({ stream, events: samples(2) })
      expect(await streamOf(reads, stream)).toHaveLength(2)
      expect((await reads.head()).position).toBe(position)
    })
  })

  scenario(
    'reads backwards, by pages and by a query',
    async ({ store, start, unique }) => {
      const [stream, tag] = [unique('account'), unique('tag')]
      await store.append({ stream, events: upTo(7).map((n) => sample({ tags: n % 2 === 0 ? [tag] : [] })) })
      await store.transaction(async ({ reads }) => {
        const newest = await all(reads.readStream(stream, { direction: 'backwards', limit: 3, pageSize: 2 }))
        expect(newest.map(({ version }) => version)).toEqual([7, 6, 5])
        const tagged = await all(reads.readAll({ after: start, query: { items: [{ tags: [tag] }] }, pageSize: 1 }))
        expect(tagged.map(({ version }) => version)).toEqual([2, 4, 6])
      })
    },
    'queries',
    'backwards reads',
  )

  scenario(
    'finds receipts and snapshots',
    async ({ store, unique }) => {
      const [stream, commandId] = [unique('account'), unique('command')]
      await store.append({ stream, events: samples(1), receipts: [{ commandId, eventsUpTo: 1, body: '{}' }] })
      await store.snapshots.save({ stream, version: 1, position: 1, schemaVersion: 1, state: '"one"' })
      await store.transaction(async ({ reads }) => {
        expect(await reads.receipts.find(commandId)).toMatchObject({ stream, version: 1 })
        expect(await reads.receipts.find(unique('command'))).toBeUndefined()
        expect(await reads.snapshots.load(stream, 1)).toMatchObject({ state: '"one"' })
      })
    },
    'receipts',
    'snapshots',
  )

  scenario('reads in forty transactions at once, and keeps none waiting for another', async ({ store, unique }) => {
    const stream = unique('account')
    await store.append({ stream, events: samples(3) })
    const outcomes = await Promise.all(
      upTo(40).map(() => store.transaction(async ({ reads }) => (await streamOf(reads, stream)).length)),
    )
    expect(outcomes.map(({ result }) => result)).toEqual(upTo(40).map(() => 3))
  })
}

async function all(pages: AsyncIterable<readonly StoredEvent[]>): Promise<StoredEvent[]> {
  const events: StoredEvent[] = []
  for await (const event of eventsOf(pages)) events.push(event)
  return events
}

const streamOf = (reads: ReadsWithin, stream: string) => all(reads.readStream(stream))
