import { testDatabase, until } from '@writ/build-tools'
import type { EventStore, LogRewoundError } from '@writ/event-store'
import { PrivateServer } from '../test/private-server.js'
import { proxyTo } from '../test/proxy.js'
import { rewindableDatabase } from '../test/rewindable-database.js'
import { closeAfterAll, newEvent, openStore, readEverything, times, willClose } from '../test/test-store.js'
import { renewIncarnation } from './index.js'
import { postgresEventStore } from './postgres-event-store.js'

closeAfterAll()

const rewindOf = (store: EventStore) => new Promise<LogRewoundError>((resolve) => store.onRewound(resolve))

describe('A server that comes back', () => {
  it('with all that was acknowledged is the same as before; restored from a backup, it is noticed without being asked', async () => {
    const server = await PrivateServer.start()
    try {
      const store = willClose(postgresEventStore({ connectionString: server.connectionString }))
      await store.start()
      const noticed = rewindOf(store)
      const before = times(3, () => newEvent())
      await store.append({ stream: 's', events: before })
      await server.stop()
      await server.backUp('backup')
      await server.start()

      const lost = times(2, () => newEvent())
      expect(await store.append({ stream: 's', events: lost, expectedVersion: 3 })).toEqual({ version: 5, position: 5 })
      await server.stop()
      await server.restore('backup')
      await server.start()

      expect(await noticed).toMatchObject({
        code: 'log-rewound',
        lastKnown: { position: 5, eventId: lost[1]!.id },
        found: { head: 3, eventId: undefined },
      })
      const append = { stream: 's', events: [newEvent()], expectedVersion: 5 }
      await expect(store.append(append)).rejects.toMatchObject({ code: 'log-rewound' })
      await store.stop()
      await store.start()
      expect((await readEverything(store)).map(({ id }) => id)).toEqual(before.map(({ id }) => id))
      await expect(store.append(append)).rejects.toMatchObject({ code: 'wrong-expected-version', actualVersion: 3 })
      await store.stop()
    } finally {
      await server.remove()
    }
  })

  it('behind an append that was cut off is looked at before that append is sent again: it is refused, and not written', async () => {
    const { rewind, connectionString, schema } = rewindableDatabase()
    const proxy = await proxyTo(connectionString)
    const [store, observer] = [
      await openStore({ connectionString: proxy.connectionString, schema }),
      await openStore({ connectionString: testDatabase().connectionString, schema }),
    ]
    await store.append({ stream: 's', events: times(5, () => newEvent()) })
    proxy.freeze()
    const appended = store.append({ stream: 's', events: [newEvent()] }).catch((error: unknown) => error)
    await until('it is stored, and its answer is lost', async () => (await observer.head()).position === 6)
    await rewind(2)
    proxy.thaw()
    proxy.cut()
    expect(await appended).toMatchObject({ code: 'log-rewound', lastKnown: { position: 5 }, found: { head: 2 } })
    await observer.stop()
    await observer.start()
    expect(await readEverything(observer)).toHaveLength(2)
  })
})

describe('A new incarnation', () => {
  it('is noticed by a store that misses nothing', async () => {
    const { rewind, ...database } = rewindableDatabase()
    const store = await openStore(database)
    const { position } = await store.append({ stream: 's', events: [newEvent()] })
    const { incarnation } = await store.head()
    const { connectionString, schema } = database
    // A connection that the store makes meanwhile may notice before all of them are cut.
    const noticed = rewindOf(store)
    // #region renew
    await renewIncarnation({ connectionString, schema })
    // #endregion
    const renewed = await renewIncarnation(database)
    expect(renewed).not.toBe(incarnation)
    await rewind(position)
    const { lastKnown, found } = await noticed
    expect(lastKnown.incarnation).toBe(incarnation)
    expect(found.incarnation).not.toBe(incarnation)
    expect(found.head).toBe(position)
    await store.stop()
    await store.start()
    expect(await store.head()).toEqual({ position, incarnation: renewed })
  })

  it('is refused where there is no store', async () => {
    await expect(renewIncarnation(testDatabase())).rejects.toMatchObject({ code: 'postgres-refused' })
  })
})
