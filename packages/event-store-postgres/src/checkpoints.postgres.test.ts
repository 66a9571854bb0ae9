import { testDatabase } from '@writ/build-tools'
import type { EventStore, Lease } from '@writ/event-store'
import { adminClient, closeAfterAll, openStore } from '../test/test-store.js'
import type { Sql, SqlTransaction } from './sql.js'

closeAfterAll()

async function withLease(): Promise<{ store: EventStore<SqlTransaction>; lease: Lease; table: string; schema: string }> {
  const { connectionString, schema } = testDatabase()
  const store = await openStore({ connectionString, schema })
  await store.checkpoints.register({ name: 'sub', startAfter: 0 })
  const acquired = await store.checkpoints.acquire({ subscription: 'sub', partition: 0 }, 'me', 60_000)
  if (!acquired.acquired) throw new Error('not acquired')
  await (await adminClient()).query(`create table ${schema}.effects (text text)`)
  return { store, lease: acquired.lease, table: 'effects', schema }
}

const checkpointOf = async (store: EventStore<SqlTransaction>) => (await store.checkpoints.list('sub'))[0]!.checkpoint

describe('An effect in the transaction of its checkpoint', () => {
  it('is there with the checkpoint, its values as parameters', async () => {
    const { store, lease, table, schema } = await withLease()
    const hostile = `'); drop table ${table}; --`
    await store.checkpoints.advanceWith(lease, 5, async ({ sql }) => {
      await sql`insert into ${sql.identifier(schema, table)} values (${hostile})`
      expect(await sql`select text from ${sql.identifier(schema, table)}`).toEqual([{ text: hostile }])
    })
    expect(await checkpointOf(store)).toBe(5)
  })

  it('leaves nothing when it throws: its own error comes out, and the connection goes on', async () => {
    const { store, lease, table, schema } = await withLease()
    const own = new Error('mine')
    const effect = async ({ sql }: SqlTransaction) => {
      await sql`insert into ${sql.identifier(schema, table)} values ('gone')`
      throw own
    }
    await expect(store.checkpoints.advanceWith(lease, 5, effect)).rejects.toBe(own)
    const broken = async ({ sql }: SqlTransaction) => void (await sql`select * from no_such_table`)
    await expect(store.checkpoints.advanceWith(lease, 5, broken)).rejects.toMatchObject({ code: '42P01' })
    await store.checkpoints.advanceWith(lease, 6, async ({ sql }) => {
      expect(await sql`select text from ${sql.identifier(schema, table)}`).toEqual([])
    })
  })

  it('is rolled back when another owner took over while it ran, who did not wait for it', async () => {
    const { store, lease, table, schema } = await withLease()
    const effect = async ({ sql }: SqlTransaction) => {
      await sql`insert into ${sql.identifier(schema, table)} values ('of a zombie')`
      await (await adminClient()).query(`update ${schema}.subscription_partitions set lease_until = clock_timestamp()`)
      const taken = await store.checkpoints.acquire({ subscription: 'sub', partition: 0 }, 'other', 60_000)
      expect(taken).toMatchObject({ acquired: true, lease: { epoch: lease.epoch + 1 } })
    }
    await expect(store.checkpoints.advanceWith(lease, 5, effect)).rejects.toMatchObject({ code: 'lease-lost' })
    expect(await checkpointOf(store)).toBe(0)
    expect((await (await adminClient()).query(`select * from ${schema}.effects`)).rows).toEqual([])
  })

  it('that swallowed the error of a statement is not taken for done', async () => {
    const { store, lease } = await withLease()
    const effect = async ({ sql }: SqlTransaction) => void (await sql`select * from no_such_table`.catch(() => {}))
    await expect(store.checkpoints.advanceWith(lease, 5, effect)).rejects.toMatchObject({
      code: 'postgres-refused',
      sqlState: '25P02',
    })
    expect(await checkpointOf(store)).toBe(0)
  })

  it('whose connection is lost fails as an unavailable store', async () => {
    const { store, lease } = await withLease()
    const admin = await adminClient()
    const effect = async ({ sql }: SqlTransaction) => {
      const [row] = await sql<{ pid: number }>`select pg_backend_pid() as pid`
      await admin.query('select pg_terminate_backend($1)', [row!.pid])
      await sql`select 1`
    }
    await expect(store.checkpoints.advanceWith(lease, 5, effect)).rejects.toMatchObject({
      code: 'store-unavailable',
      mayBeCommitted: false,
    })
    await store.checkpoints.advanceWith(lease, 5, async () => {})
    expect(await checkpointOf(store)).toBe(5)
  })

  it('can not use its sql when it is over', async () => {
    const { store, lease } = await withLease()
    let kept: Sql | undefined
    await store.checkpoints.advanceWith(lease, 5, async ({ sql }) => {
      kept = sql
    })
    await expect(kept!`select 1`).rejects.toMatchObject({ code: 'transaction-ended' })
  })

  it('gets typed errors for an undefined value, a call that is no template, and a name that would be cut', async () => {
    const { store, lease } = await withLease()
    await store.checkpoints.advanceWith(lease, 5, async ({ sql }) => {
      await expect(sql`select ${undefined}`).rejects.toMatchObject({ code: 'invalid-sql' })
      await expect(sql('select 1' as never)).rejects.toMatchObject({ code: 'invalid-sql' })
      expect(() => sql.identifier('a'.repeat(64))).toThrow(expect.objectContaining({ code: 'invalid-sql' }))
    })
  })
})
