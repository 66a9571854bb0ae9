import { randomBytes } from 'node:crypto'
import { Application, module } from '@writ/application'
import { testDatabase } from '@writ/build-tools'
import { type EventStore, type NewEvent, systemRuntime } from '@writ/event-store'
import { inMemoryEventStore } from '@writ/event-store-memory'
import pg from 'pg'
import {
  Account,
  audit,
  audited,
  close,
  closeBehindSnapshot,
  closeTheBooks,
  DepositMoney,
  erase,
  Meter,
  ReadMeter,
  storeThatMayErase,
  whyNot,
} from './links-and-deletes.js'

const noted = (): NewEvent => {
  return { id: systemRuntime.uuid(), type: 'noted', schemaVersion: 1, data: '{}', metadata: '{}', tags: [] }
}

async function started(store: EventStore = inMemoryEventStore()) {
  await store.start()
  return store
}

async function running(aggregate: typeof Account | typeof Meter, store: EventStore) {
  const app = await Application.create({ store, modules: [module({ name: 'sample', aggregates: [aggregate] })] })
  await app.start()
  return app
}

const counted = async (pages: AsyncIterable<readonly unknown[]>) => {
  let count = 0
  for await (const page of pages) count += page.length
  return count
}

describe('The samples of links and deletes', () => {
  it('link events into an audit', async () => {
    const store = await started()
    await store.append({ stream: 'account-1', events: [noted(), noted()] })
    await store.append({ stream: 'account-2', events: [noted()] })
    await audit(store, '2', 2026)
    await audit(store, '1', 2026)
    expect(await audited(store, 2026)).toEqual([
      '1: noted, version 1 of account-2',
      '2: noted, version 1 of account-1',
      '3: noted, version 2 of account-1',
    ])
    expect(await counted(store.readAll())).toBe(3)
  })

  it('delete a stream, and say why it takes nothing in', async () => {
    const store = await started()
    await store.append({ stream: 'account-1', events: [noted()] })
    expect(await whyNot(store, noted(), '1')).toBeUndefined()
    await close(store, '1', 2, 'ann')
    expect(await whyNot(store, noted(), '1')).toBe('closed by ann at version 2')
    expect(await counted(store.readAll())).toBe(2)
  })

  it('take the events of a customer out', async () => {
    // The sample names a schema of its own, so it gets a database.
    const url = new URL(testDatabase().connectionString)
    const database = `writ_sample_${randomBytes(6).toString('hex')}`
    const server = new pg.Client({ connectionString: url.href })
    await server.connect()
    await server.query(`create database ${database}`)
    try {
      const store = await started(storeThatMayErase(Object.assign(url, { pathname: database }).href))
      for (const stream of ['customer-1', 'customer-2']) await store.append({ stream, events: [noted(), noted()] })
      await erase(store, '1')
      expect(await counted(store.readAll())).toBe(2)
      await store.stop()
    } finally {
      await server.query(`drop database ${database} with (force)`)
      await server.end()
    }
  })

  it('close the books of an account with a summary', async () => {
    const store = await started()
    const app = await running(Account, store)
    for (const amount of [100, 200, 300]) await app.dispatch(new DepositMoney({ account: '1', amount }))
    expect(await closeTheBooks(app, '1')).toEqual({ firstVersion: 4 })
    await app.dispatch(new DepositMoney({ account: '1', amount: 50 }))
    await app.stop()
    const again = await running(Account, store)
    expect(await again.stateOf(Account, '1')).toMatchObject({ state: { balance: 650 }, version: 5 })
    expect(await counted(store.readStream('account-1'))).toBe(2)
    await expect(again.stateOf(Account, '1', { at: { version: 2 } })).rejects.toMatchObject({ code: 'books-closed' })
    await again.stop()
  })

  it('close the books of a meter behind a snapshot', async () => {
    const store = await started()
    const app = await running(Meter, store)
    for (let day = 1; day <= 130; day++) await app.dispatch(new ReadMeter({ meter: '1', kilowattHours: 2 }))
    await app.stop()
    await store.start()
    expect(await closeBehindSnapshot(store, 'meter-1')).toEqual({ firstVersion: 100 })
    const again = await running(Meter, store)
    expect(await again.stateOf(Meter, '1')).toMatchObject({ state: { total: 260 }, version: 130 })
    await again.stop()
  })
})
