import { testDatabase, until } from '@writ/build-tools'
import type { EventStore, Lease } from '@writ/event-store'
import type pg from 'pg'
import { countingPool } from '../test/counting-pool.js'
import { adminClient, closeAfterAll, openStore, times } from '../test/test-store.js'
import type { SqlTransaction } from './sql.js'

closeAfterAll()
const LONG = 60_000
const parked = { sequence: 's', position: 1, part: 0, type: 't', stream: 's' }

async function held(store: EventStore<SqlTransaction>, subscription: string, owner = 'me', partition = 0): Promise<Lease> {
  const taken = await store.checkpoints.acquire({ subscription, partition }, owner, LONG)
  if (!taken.acquired) throw new Error(`Not acquired: ${taken.why}`)
  return taken.lease
}

/** Whether a statement of this store waits for a lock. */
async function isWaiting(admin: pg.Client, schema: string, statement: string): Promise<boolean> {
  // Within a transaction, what was looked at once is shown again.
  await admin.query('select pg_stat_clear_snapshot()')
  const { rows } = await admin.query(
    `select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like $1 and pid <> pg_backend_pid()`,
    [`%${schema}%${statement}%`],
  )
  return rows.length === 1
}

/** A subscription whose partitions stand at 10 and 3, on its way to three; somebody's lease on the first is over. */
async function onItsWay() {
  const { connectionString, schema } = testDatabase()
  const store = await openStore({ connectionString, schema })
  await store.checkpoints.register({ name: 'sub', startAfter: 3, partitions: 2 })
  const taken = await store.checkpoints.acquire({ subscription: 'sub', partition: 0 }, 'late', 0)
  if (!taken.acquired) throw new Error('The lease is free')
  await store.checkpoints.advance(taken.lease, 10)
  await store.checkpoints.register({ name: 'sub', startAfter: 3, partitions: 3 })
  const admin = await adminClient()
  const beat = async () => {
    const heartbeat = { owner: 'me', subscriptions: ['sub'], leases: [], leaseMilliseconds: LONG }
    return (await store.checkpoints.heartbeat(heartbeat)).subscriptions[0]!
  }
  return { store, admin, schema, beat, partitions: `${schema}.subscription_partitions`, late: taken.lease }
}

describe('A change of the number of partitions', () => {
  it('takes note of a checkpoint that one whose lease is over is moving at this moment', async () => {
    const { store, admin, schema, beat, partitions, late } = await onItsWay()
    await admin.query(`begin; update ${partitions} set checkpoint = 20 where partition = 0`)
    const answer = beat()
    await until('the heartbeat waits for it', () => isWaiting(admin, schema, 'heartbeat'))
    await admin.query('commit')
    expect(await answer).toMatchObject({ change: { to: 3, upTo: 20 }, checkpoints: [{ checkpoint: 20 }, { checkpoint: 3 }] })
    await expect(store.checkpoints.advance(late, 20)).rejects.toMatchObject({ code: 'lease-lost' })
  })

  it('waits for one who renews a lease that was over at this moment', async () => {
    const { admin, schema, beat, partitions } = await onItsWay()
    await admin.query(`begin; update ${partitions} set lease_until = now() + interval '1 minute' where partition = 0`)
    const answer = beat()
    await until('the heartbeat waits for it', () => isWaiting(admin, schema, 'heartbeat'))
    await admin.query('commit')
    expect(await answer).toMatchObject({ change: { to: 3, upTo: undefined }, checkpoints: [{ owner: 'late' }, {}] })
  })

  it('is over for whoever asks for a lease while it ends', async () => {
    const { store, admin, schema, beat } = await onItsWay()
    await store.checkpoints.register({ name: 'sub', startAfter: 0, partitions: 2 })
    expect(await beat()).toMatchObject({ change: undefined })
    // From the wish to the last step, all at once.
    await admin.query(`begin; update ${schema}.subscriptions set wanted = 3; select ${schema}.replace_partitions('sub', 10)`)
    const taken = store.checkpoints.acquire({ subscription: 'sub', partition: 1 }, 'me', LONG)
    await until('the lease waits for it', () => isWaiting(admin, schema, 'acquire_lease'))
    await admin.query('commit')
    expect(await taken).toMatchObject({ acquired: true, checkpoint: 10, partitions: 3, upTo: undefined })
  })

  it('holds no heartbeat up, which another process is at', async () => {
    const { admin, schema, beat } = await onItsWay()
    await admin.query(`begin; select 1 from ${schema}.subscriptions for update`)
    expect(await beat()).toMatchObject({ change: { to: 3, upTo: undefined } })
    await admin.query('commit')
    expect(await beat()).toMatchObject({ change: { to: 3, upTo: 10 } })
  })
})

describe('What subscriptions ask of PostgreSQL', () => {
  it('costs few round trips: one a heartbeat or an advance, two for a page in a transaction besides its own', async () => {
    const { connectionString, schema } = testDatabase()
    const { pool, texts } = countingPool({ connectionString, max: 2 })
    const store = await openStore({ pool, schema })
    const roundTrips = async (ask: () => Promise<unknown>) => {
      texts.length = 0
      await ask()
      return texts.length
    }
    await store.checkpoints.register({ name: 'sub', startAfter: 0, partitions: 4 })
    const lease = await held(store, 'sub')
    const { checkpoints, projections } = store
    const heartbeat = { owner: 'me', subscriptions: ['sub'], leases: [lease], leaseMilliseconds: LONG }
    expect(await roundTrips(() => checkpoints.heartbeat(heartbeat))).toBe(1)
    expect(await roundTrips(() => checkpoints.advance(lease, 1))).toBe(1)
    expect(await roundTrips(() => checkpoints.advance(lease, 2, { park: [parked] }))).toBe(1)
    expect(await roundTrips(() => checkpoints.advanceWith(lease, 3, async () => {}))).toBe(2)
    expect(await roundTrips(() => checkpoints.advanceWith(lease, 4, async ({ sql }) => void (await sql`select 1`)))).toBe(3)
    expect(await roundTrips(() => projections.swap('p', { from: undefined, to: 1 }))).toBe(2)
    expect(await roundTrips(() => projections.read(({ liveVersion }) => liveVersion('p')))).toBe(2)
  })

  it('looks at whatever it needs by an index, with a great many subscriptions and parked events', async () => {
    const { connectionString, schema } = testDatabase()
    const store = await openStore({ connectionString, schema })
    const admin = await adminClient()
    await admin.query(`
      insert into ${schema}.subscriptions (name, partitions) select 's-' || n, 1 from generate_series(1, 5000) n;
      insert into ${schema}.subscription_partitions (name, partition, checkpoint, epoch) select 's-' || n, 0, 0, 0 from generate_series(1, 5000) n;
      insert into ${schema}.subscription_members (name, owner, since, until) select 's-' || n, 'o', now(), now() from generate_series(1, 5000) n;
      insert into ${schema}.parked_events (subscription, sequence, position, part, type, stream, parked_at)
        select 's-' || n, 'q', 1, 0, 't', 's', now() from generate_series(1, 5000) n`)
    const lease = await held(store, 's-7')
    const scans = async () => {
      await admin.query('select pg_stat_force_next_flush()')
      const { rows } = await admin.query<{ read: string }>(
        `select sum(seq_tup_read) as read from pg_stat_user_tables
          where schemaname = $1 and relname in ('subscriptions', 'subscription_partitions', 'subscription_members', 'parked_events')`,
        [schema],
      )
      return Number(rows[0]!.read)
    }
    const before = await scans()
    for (let round = 0; round < 40; round++) {
      await store.checkpoints.heartbeat({ owner: 'me', subscriptions: ['s-7'], leases: [lease], leaseMilliseconds: LONG })
      await store.checkpoints.advanceWith(lease, round, async () => {}, { park: [parked], unpark: [{ ...parked, position: 2 }] })
      await store.parked.due('s-7')
      await store.parked.sequences('s-7')
    }
    await store.checkpoints.reset('s-7', 0)
    await store.stop()
    expect((await scans()) - before).toBeLessThan(5_000)
  })

  it('leaves no more of members that are gone than a heartbeat sweeps now and then', async () => {
    const { connectionString, schema } = testDatabase()
    const store = await openStore({ connectionString, schema })
    await store.checkpoints.register({ name: 'sub', startAfter: 0 })
    const beat = (owner: string, leaseMilliseconds: number) =>
      store.checkpoints.heartbeat({ owner, subscriptions: ['sub'], leases: [], leaseMilliseconds })
    for (const owner of times(20, (index) => `gone-${index}`)) await beat(owner, 0)
    const admin = await adminClient()
    await until('only one is left', async () => {
      await beat('me', LONG)
      const { rows } = await admin.query(`select owner from ${schema}.subscription_members`)
      return rows.length === 1
    })
  })
})

describe('Processes that share subscriptions on PostgreSQL', () => {
  it('give every position of every sequence to one holder, while partitions change and leases expire at any time', async () => {
    const { connectionString, schema } = testDatabase()
    const stores = await Promise.all(times(4, () => openStore({ connectionString, schema, poolSize: 3 })))
    const [END, SEQUENCES] = [400, 12]
    await stores[0]!.checkpoints.register({ name: 'sub', startAfter: 0, partitions: 2 })
    const finished = times(SEQUENCES, () => [] as [after: number, upTo: number][])
    const worker = async (index: number) => {
      const [{ checkpoints }, owner] = [stores[index % stores.length]!, `worker-${index}`]
      for (let round = 0; ; round++) {
        const leaseMilliseconds = LONG
        const { subscriptions } = await checkpoints.heartbeat({ owner, subscriptions: ['sub'], leases: [], leaseMilliseconds })
        const { change, partitions, checkpoints: rows } = subscriptions[0]!
        if (!change && rows.every(({ checkpoint }) => checkpoint === END)) return
        const partition = (round + index) % partitions
        // Every other lease is over before it is used.
        const taken = await checkpoints.acquire({ subscription: 'sub', partition }, owner, round % 2 === 0 ? LONG : 0)
        if (!taken.acquired) continue
        let { checkpoint } = taken
        for (let page = 0; page < 3 && checkpoint < (taken.upTo ?? END); page++) {
          const position = Math.min(checkpoint + 1 + page, taken.upTo ?? END)
          const advanced =
            page === 1
              ? checkpoints.advanceWith(taken.lease, position, async ({ sql }) => void (await sql`select 1`))
              : checkpoints.advance(taken.lease, position)
          const outcome = await advanced.then(
            () => 'advanced',
            (error: { code?: string }) => error.code,
          )
          if (outcome === 'lease-lost') break
          expect(outcome).toBe('advanced')
          for (let sequence = partition; sequence < SEQUENCES; sequence += taken.partitions)
            finished[sequence]!.push([checkpoint, position])
          checkpoint = position
        }
        await checkpoints.release(taken.lease)
      }
    }
    const wishes = async () => {
      for (const [index, partitions] of [3, 1, 4, 2, 3, 6, 5].entries()) {
        await stores[index % 4]!.checkpoints.register({ name: 'sub', startAfter: 0, partitions })
        await new Promise((resolve) => setImmediate(resolve))
        await until('it has changed', async () => (await stores[0]!.checkpoints.list('sub')).length === partitions)
      }
    }
    await Promise.all([...times(6, worker), wishes()])
    for (const pages of finished) {
      const inOrder = pages.sort(([one], [other]) => one - other)
      expect(inOrder.map(([after]) => after)).toEqual([0, ...inOrder.slice(0, -1).map(([, upTo]) => upTo)])
      expect(inOrder.at(-1)![1]).toBe(END)
    }
  })

  it('get typed answers only, and wait for nobody in a circle, whatever they do at the same time', async () => {
    const { connectionString, schema } = testDatabase()
    const stores = await Promise.all(times(3, () => openStore({ connectionString, schema, poolSize: 4 })))
    const names = times(4, (index) => `sub-${index}`)
    const expected = new Set<unknown>(['done', 'lease-lost', 'unknown-subscription', 'checkpoint-behind'])
    const outcomes = new Set<unknown>()
    const worker = async (index: number) => {
      const [{ checkpoints, parked: events }, owner] = [stores[index % stores.length]!, `worker-${index}`]
      const leases: Lease[] = []
      for (let round = 0; round < 120; round++) {
        const name = names[(round + index) % names.length]!
        const lease = leases[round % Math.max(leases.length, 1)]
        const steps: readonly (() => Promise<unknown>)[] = [
          () => checkpoints.register({ name, startAfter: 0, partitions: 1 + ((round + index) % 4) }),
          async () => {
            const taken = await checkpoints.acquire(
              { subscription: name, partition: round % 3 },
              owner,
              round % 5 === 0 ? 0 : LONG,
            )
            if (taken.acquired) leases.push(taken.lease)
          },
          () => checkpoints.heartbeat({ owner, subscriptions: names, leases: leases.slice(-6), leaseMilliseconds: LONG }),
          async () => lease && checkpoints.advance(lease, round, { park: [{ ...parked, position: round }] }),
          async () => lease && checkpoints.advanceWith(lease, round, async ({ sql }) => void (await sql`select 1`)),
          async () => lease && checkpoints.release(lease),
          () => events.decide(name, 'retry'),
          () => (round % 8 === 0 ? checkpoints.reset(name, 0, async ({ sql }) => void (await sql`select 1`)) : Promise.resolve()),
          () => (round % 20 === 3 ? checkpoints.delete(name) : Promise.resolve()),
          () => (round % 10 === 5 ? checkpoints.leave(owner) : Promise.resolve()),
        ]
        await Promise.all(
          [steps[round % steps.length]!, steps[(round * 7 + 3) % steps.length]!].map(async (step) =>
            outcomes.add(
              await step().then(
                () => 'done',
                (error: { code?: unknown }) => error.code ?? error,
              ),
            ),
          ),
        )
      }
    }
    await Promise.all(times(6, worker))
    expect([...outcomes].filter((outcome) => !expected.has(outcome))).toEqual([])
  })

  it('are fenced before the effect of a reset runs: what it clears stays clear', async () => {
    const { connectionString, schema } = testDatabase()
    const [holder, other] = [await openStore({ connectionString, schema }), await openStore({ connectionString, schema })]
    const admin = await adminClient()
    await admin.query(`create table ${schema}.rows (position bigint)`)
    await holder.checkpoints.register({ name: 'sub', startAfter: 0 })
    const lease = await held(holder, 'sub')
    const write = (position: number) =>
      holder.checkpoints.advanceWith(lease, position, async ({ sql }) => {
        await sql`insert into ${sql.identifier(schema, 'rows')} values (${position})`
      })
    await write(1)
    let late: Promise<unknown> | undefined
    await other.checkpoints.reset('sub', 0, async ({ sql }) => {
      await sql`delete from ${sql.identifier(schema, 'rows')}`
      late = write(2).then(
        () => 'written',
        (error: { code?: string }) => error.code,
      )
      await until('the page waits for the reset', () => isWaiting(admin, schema, 'advance_or_fail'))
    })
    expect(await late).toBe('lease-lost')
    expect((await admin.query(`select * from ${schema}.rows`)).rows).toEqual([])
    expect(await holder.checkpoints.list('sub')).toMatchObject([{ checkpoint: 0, owner: undefined }])
  })

  it('read the rows of the version that was live at one moment, while another swaps and drops', async () => {
    const { connectionString, schema } = testDatabase()
    const [reader, swapper] = [await openStore({ connectionString, schema }), await openStore({ connectionString, schema })]
    const admin = await adminClient()
    await admin.query(`create table ${schema}.rows_1 (n int); insert into ${schema}.rows_1 values (1);
      create table ${schema}.rows_2 (n int); insert into ${schema}.rows_2 values (2)`)
    await swapper.projections.swap('rows', { from: undefined, to: 1 })
    const read = () =>
      reader.projections.read(async ({ sql, liveVersion }) => {
        const version = await liveVersion('rows')
        const rows = await sql<{ n: number }>`select n from ${sql.identifier(schema, `rows_${version}`)}`
        return [version, ...rows.map(({ n }) => n)]
      })
    expect(await read()).toEqual([1, 1])
    await swapper.projections.swap('rows', { from: 1, to: 2 }, async ({ sql }) => {
      expect(await read()).toEqual([1, 1])
      await sql`update ${sql.identifier(schema, 'rows_2')} set n = 3`
    })
    expect(await read()).toEqual([2, 3])
    const writes = reader.projections.read(async ({ sql }) => void (await sql`delete from ${sql.identifier(schema, 'rows_2')}`))
    await expect(writes).rejects.toMatchObject({ code: '25006' })
    expect(await read()).toEqual([2, 3])
  })
})
