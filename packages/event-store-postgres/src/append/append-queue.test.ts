import { setImmediate } from 'node:timers/promises'
import { newEvent, times } from '../../test/test-store.js'
import { AppendQueue } from './append-queue.js'
import type { Batch } from './batch.js'

/** A queue, and how many appends each batch had that it sent; a batch is written when nothing else can be done. */
function queueOf(batchesAtOnce: number) {
  const sizes: number[] = []
  const deliver = async (batch: Batch) => {
    const parts = batch.flatMap((entry) => entry.parts)
    sizes.push(parts.length)
    await setImmediate()
    for (const { accept } of parts) accept({ version: 1, position: 1 })
  }
  const queue = new AppendQueue({ limit: 1_000, batchesAtOnce, deliver, deliverTogether: deliver })
  const append = (stream: string) => queue.add({ stream, events: [newEvent()], expectedVersion: 'any' })
  return { sizes, append }
}

async function sizesOf(batchesAtOnce: number, streams: readonly string[]): Promise<readonly number[]> {
  const { sizes, append } = queueOf(batchesAtOnce)
  await Promise.all(streams.map(append))
  return sizes
}

const distinct = (count: number) => times(count, (index) => `s-${index}`)
const same = (count: number) => times(count, () => 'hot')

describe('The queue of appends', () => {
  it('sends few appends that come at once as one batch, and many as two, so that one is written while the other is flushed', async () => {
    expect(await sizesOf(2, distinct(47))).toEqual([47])
    expect(await sizesOf(2, distinct(64))).toEqual([32, 32])
    expect(await sizesOf(2, distinct(256))).toEqual([128, 128])
  })

  it('halves nothing where there is one connection, and nothing of one stream', async () => {
    expect(await sizesOf(1, distinct(64))).toEqual([64])
    expect(await sizesOf(2, same(64))).toEqual([64])
  })

  it('sends what comes while a batch is under way as the other one', async () => {
    const { sizes, append } = queueOf(2)
    const first = distinct(4).map(append)
    await new Promise((resolve) => process.nextTick(() => process.nextTick(resolve)))
    await Promise.all([...first, ...times(60, (index) => append(`t-${index}`))])
    expect(sizes).toEqual([4, 60])
  })
})
