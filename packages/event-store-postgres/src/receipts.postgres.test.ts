import { testDatabase } from '@writ/build-tools'
import { adminClient, closeAfterAll, newEvent, openStore } from '../test/test-store.js'

closeAfterAll()

/** A store with so many receipts that are 40 days old, and one of today. */
async function storeWith(count: number) {
  const { connectionString, schema } = testDatabase()
  const store = await openStore({ connectionString, schema })
  const admin = await adminClient()
  await admin.query(`insert into ${schema}.receipts (command_id, stream, version, position, body, created_at)
    select 'old-' || n, 'account-' || n, 1, n, '{"outcome":"done"}', clock_timestamp() - interval '40 days' from generate_series(1, ${count}) n`)
  await store.append({ stream: 's', events: [newEvent()], receipts: [{ commandId: 'new', eventsUpTo: 1, body: '{}' }] })
  return { store, schema, admin }
}

const days = (count: number) => count * 86_400_000

describe('Old receipts', () => {
  it('go by the hundred thousand, a part of them at a time, and the new ones stay', async () => {
    const { store, schema, admin } = await storeWith(200_000)
    await admin.query(`create table ${schema}.parts (size bigint);
      create function ${schema}.note_part() returns trigger language plpgsql as $$
        begin insert into ${schema}.parts select count(*) from gone; return null; end $$;
      create trigger note_part after delete on ${schema}.receipts referencing old table as gone
        for each statement execute function ${schema}.note_part()`)
    await expect(store.receipts.deleteOlderThan(days(30))).resolves.toBe(200_000)
    const { rows } = await admin.query<{ parts: number; largest: number }>(
      `select count(*)::int as parts, max(size)::int as largest from ${schema}.parts`,
    )
    expect(rows[0]!.parts).toBeGreaterThan(3)
    expect(rows[0]!.largest).toBeLessThan(60_000)
    await expect(store.receipts.find('new')).resolves.toBeDefined()
    await expect(store.receipts.find('old-1')).resolves.toBeUndefined()
    await expect(store.receipts.deleteOlderThan(days(30))).resolves.toBe(0)
  })

  it('go while others are written, and hold up none of them', async () => {
    const { store, admin, schema } = await storeWith(1_000)
    await admin.query('begin')
    await admin.query(`select from ${schema}.receipts where command_id = 'old-500' for update`)
    const deleting = store.receipts.deleteOlderThan(days(30))
    for (let n = 0; n < 20; n++) {
      await store.append({ stream: 's', events: [newEvent()], receipts: [{ commandId: `new-${n}`, eventsUpTo: 1, body: '{}' }] })
    }
    await admin.query('rollback')
    await expect(deleting).resolves.toBe(1_000)
    await expect(store.receipts.find('new-19')).resolves.toBeDefined()
  })
})
