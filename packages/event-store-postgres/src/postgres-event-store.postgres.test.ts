import { testDatabase } from '@writ/build-tools'
import fc from 'fast-check'
import { adminClient, closeAfterAll, newEvent, openStore, readEverything, willClose } from '../test/test-store.js'
import { postgresEventStore } from './postgres-event-store.js'

closeAfterAll()

describe('The README', () => {
  it('starts a store', async () => {
    const { connectionString, schema } = testDatabase()
    // #region start
    const store = postgresEventStore({ connectionString, schema })
    await store.start()
    // #endregion
    willClose(store)
    expect(await store.head()).toMatchObject({ position: 0 })
  })

  it('keeps a read model in the transaction of its checkpoint', async () => {
    const { connectionString, schema } = testDatabase()
    const store = await openStore({ connectionString, schema })
    const balances = `${schema}_balances`
    const admin = await adminClient()
    await admin.query(`create table ${balances} as select 'account-1' as account, 100 as balance`)
    await store.checkpoints.register({ name: 'balances', startAfter: 0 })
    const acquired = await store.checkpoints.acquire({ subscription: 'balances', partition: 0 }, 'me', 60_000)
    const [amount, account, position] = [25, 'account-1', 7]
    if (!acquired.acquired) throw new Error('not acquired')
    const { lease } = acquired
    // #region advance-with
    await store.checkpoints.advanceWith(lease, position, async ({ sql }) => {
      await sql`update ${sql.identifier(balances)} set balance = balance + ${amount} where account = ${account}`
    })
    // #endregion
    expect((await admin.query(`select balance from ${balances}`)).rows).toEqual([{ balance: 125 }])
    await admin.query(`drop table ${balances}`)
  })
})

describe('Whatever text comes in', () => {
  // Every kind of character that a name may have, those above all that mean something to SQL, to arrays or to the batch.
  const character = fc.constantFrom(...`'"\\;,{}()$1-/*%é𝄞 \u00a0`, 'NULL', '--', "'; drop table canary; --", '{}', '""')
  const name = fc.array(character, { minLength: 1, maxLength: 12 }).map((parts) => parts.join(''))
  const json = fc.oneof(
    fc.json(),
    fc.json().map((text) => `\n\t${text}\r\n `),
    fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
  )

  it('comes back as it was, and harms nothing', async () => {
    const { connectionString, schema } = testDatabase()
    const store = await openStore({ connectionString, schema })
    const admin = await adminClient()
    await admin.query(`create table ${schema}.canary as select 1 as alive`)
    const given = fc.record({
      stream: name,
      // What begins with a dollar sign is Writ's own.
      type: name.filter((type) => !type.startsWith('$')),
      tags: fc.uniqueArray(name, { maxLength: 3 }),
      data: json,
      metadata: json,
      commandId: name,
    })
    const property = fc.asyncProperty(fc.array(given, { minLength: 1, maxLength: 20 }), async (batch) => {
      const { position } = await store.head()
      const appended = batch.map(({ stream, commandId, ...event }, index) => {
        const receipts = [{ commandId: `${position}-${index}-${commandId}`, eventsUpTo: 1, body: event.data }]
        return { stream, receipts, events: [newEvent(event)] }
      })
      await Promise.all(appended.map((append) => store.append(append)))
      const stored = new Map((await readEverything(store)).map((event) => [event.id, event]))
      for (const { stream, events, receipts } of appended) {
        expect(stored.get(events[0]!.id)).toMatchObject({ stream, ...events[0] })
        expect(await store.receipts.find(receipts[0]!.commandId)).toMatchObject({ body: receipts[0]!.body })
      }
    })
    await fc.assert(property, { numRuns: 60 })
    expect((await admin.query(`select alive from ${schema}.canary`)).rows).toEqual([{ alive: 1 }])
  })
})
