import { appendFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventsOf, systemRuntime } from '@writ/event-store'
import { describeEventStore } from '@writ/event-store-conformance'
import { FileEventStore } from './adapter/file-event-store.js'

// #region suite
const reason = 'it is a small store for one process'

describeEventStore({
  name: 'file',
  async create() {
    const folder = await mkdtemp(join(tmpdir(), 'writ-file-store-'))
    return {
      open: () => new FileEventStore(join(folder, 'events')),
      close: () => rm(folder, { recursive: true }),
    }
  },
  unsupported: [
    { capability: 'several processes', reason },
    { capability: 'conditions', reason },
    { capability: 'queries', reason },
    { capability: 'receipts', reason },
    { capability: 'snapshots', reason },
    { capability: 'checkpoints', reason },
    { capability: 'projection versions', reason },
    { capability: 'links', reason },
    { capability: 'deletes', reason },
    { capability: 'hard deletes', reason },
    { capability: 'truncation', reason },
    { capability: 'stream lists', reason },
    { capability: 'several streams', reason },
    { capability: 'transactions', reason },
    { capability: 'rows', reason },
    { capability: 'rewound logs', reason },
    { capability: 'foreign transactions', reason: 'a file has no transactions' },
    { capability: 'joined transactions', reason: 'a file has no transactions' },
  ],
})
// #endregion

describe('The file store', () => {
  it('finds what it stored before, without what a crash cut off', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'writ-file-store-'))
    const path = join(folder, 'events')
    const event = { id: systemRuntime.uuid(), type: 'noted', schemaVersion: 1, data: '{}', metadata: '{}', tags: [] }
    const first = new FileEventStore(path)
    await first.start()
    await first.append({ stream: 'notes', events: [event] })
    const { incarnation } = await first.head()
    await first.stop()
    await appendFile(path, '[{"id":"half')
    const second = new FileEventStore(path)
    await second.start()
    expect(await second.head()).toEqual({ position: 1, incarnation })
    await second.append({ stream: 'notes', events: [{ ...event, id: systemRuntime.uuid() }] })
    const versions: number[] = []
    for await (const { version } of eventsOf(second.readStream('notes'))) versions.push(version)
    expect(versions).toEqual([1, 2])
    await second.stop()
    await rm(folder, { recursive: true })
  })
})
