import type { AppendsTogether, Row, Table } from '@writ/event-store'
import type { Area, World } from '../area.js'
import type { Capability } from '../capability.js'
import { rejectsWith } from '../rejects-with.js'
import { logEvents, sample, samples, upTo } from '../sample-events.js'

type Within = Pick<AppendsTogether, 'rows' | 'part' | 'append'>

/** Rows of a table of the user's own, changed in a transaction of the store. */
export const rowsOfTransactions: Area = (declare) => {
  const scenario = (
    sentence: string,
    run: (world: World & { readonly table: Table; readonly key: string }) => Promise<void>,
    ...needs: Capability[]
  ) => {
    const onTable = async (world: World) => run({ ...world, table: await world.hooks.makeTable(), key: world.unique('account') })
    declare(sentence, onTable, 'transactions', 'rows', ...needs)
  }

  scenario('inserts, finds, locks and changes rows by their key', async ({ store, table, key }) => {
    await store.transaction(async ({ rows }) => {
      expect(await rows(table).find(key)).toBeUndefined()
      expect(await rows(table).lock(key)).toBeUndefined()
      expect(await rows(table).update(key, { amount: 1 })).toBe(false)
      expect(await rows(table).insert(key, { amount: 5, note: 'new' })).toBe(true)
      expect(await rows(table).insert(key, { amount: 6 })).toBe(false)
      expect(await rows(table).find(key)).toMatchObject({ [table.key]: key, amount: 5, note: 'new' })
      expect(await rows(table).update(key, { amount: 7 })).toBe(true)
      expect(await rows(table).update(key, {})).toBe(true)
    })
    const { result } = await store.transaction(({ rows }) => rows(table).lock(key))
    expect(result).toMatchObject({ [table.key]: key, amount: 7, note: 'new' })
  })

  scenario('tells rows apart by the whole key, and tables by their names', async ({ store, hooks, table, key }) => {
    const other = await hooks.makeTable()
    await store.transaction(async ({ rows }) => {
      await rows(table).insert(key, { amount: 1 })
      await rows(table).insert(`${key}'`, { amount: 2 })
      await rows(other).insert(key, { amount: 3 })
    })
    const found = [await find(store, table, key), await find(store, table, `${key}'`), await find(store, other, key)]
    expect(found.map((row) => row?.amount)).toEqual([1, 2, 3])
  })

  scenario('shows rows to their own transaction before it ends, and to no other', async ({ store, table, key }) => {
    await store.transaction(async ({ rows }) => {
      await rows(table).insert(key, { amount: 5 })
      expect(await rows(table).find(key)).toMatchObject({ amount: 5 })
      expect(await find(store, table, key)).toBeUndefined()
    })
    expect(await find(store, table, key)).toMatchObject({ amount: 5 })
    await store.transaction(async ({ rows }) => {
      await rows(table).update(key, { amount: 6 })
      // Nobody waits who only looks.
      expect(await find(store, table, key)).toMatchObject({ amount: 5 })
    })
    expect(await find(store, table, key)).toMatchObject({ amount: 6 })
  })

  const failing: readonly [string, string | undefined, (within: Within, stream: string) => void][] = [
    [
      'the work throws',
      undefined,
      () => {
        throw new Error('the work failed')
      },
    ],
    [
      'an append is refused',
      'wrong-expected-version',
      ({ append }, stream) => append({ stream, events: samples(1), expectedVersion: 7 }),
    ],
  ]
  for (const [when, code, fail] of failing) {
    scenario(`leaves rows as they were when ${when}`, async ({ store, start, table, key, unique }) => {
      await store.transaction(({ rows }) => rows(table).insert(key, { amount: 5 }))
      const run = () =>
        store.transaction(async (within) => {
          await within.rows(table).update(key, { amount: 6 })
          await within.rows(table).insert(`${key}-other`, { amount: 1 })
          within.append({ stream: unique('account'), events: samples(1) })
          fail(within, unique('account'))
        })
      if (code === undefined) await expect(run()).rejects.toThrow('the work failed')
      else await rejectsWith(code, run)
      expect(await find(store, table, key)).toMatchObject({ amount: 5 })
      expect(await find(store, table, `${key}-other`)).toBeUndefined()
      expect(await logEvents(store, { after: start })).toEqual([])
    })
  }

  scenario('takes back what a part of the work has done that throws, and goes on', async ({ store, table, key, unique }) => {
    const thrown = new RangeError('the part failed')
    await store.transaction(async ({ rows, part, append }) => {
      await rows(table).insert(key, { amount: 5 })
      const failed = part(async () => {
        await rows(table).update(key, { amount: 6 })
        await rows(table).insert(`${key}-other`, { amount: 1 })
        throw thrown
      })
      await expect(failed).rejects.toBe(thrown)
      expect(await rows(table).find(key)).toMatchObject({ amount: 5 })
      expect(await part(async () => rows(table).update(key, { note: 'after' }))).toBe(true)
      append({ stream: unique('account'), events: samples(1) })
    })
    expect(await find(store, table, key)).toMatchObject({ amount: 5, note: 'after' })
    expect(await find(store, table, `${key}-other`)).toBeUndefined()
  })

  scenario('lets one transaction at a time hold the lock of a row, each on what the last one left', async (world) => {
    const { store, table, key } = world
    await store.transaction(({ rows }) => rows(table).insert(key, { amount: 0 }))
    await Promise.all(upTo(20).map(() => deposit(store, table, key)))
    expect(await find(store, table, key)).toMatchObject({ amount: 20 })
  })

  scenario(
    'lets one process at a time hold the lock of a row',
    async ({ store, neighbour, table, key }) => {
      const stores = [store, await neighbour()]
      await store.transaction(({ rows }) => rows(table).insert(key, { amount: 0 }))
      await Promise.all(upTo(20).map((n) => deposit(stores[n % 2]!, table, key)))
      expect(await find(store, table, key)).toMatchObject({ amount: 20 })
    },
    'several processes',
  )

  scenario('inserts a row once, whoever else inserts it at the same time', async ({ store, table, key }) => {
    const insert = (amount: number) => store.transaction(({ rows }) => rows(table).insert(key, { amount }))
    const outcomes = await Promise.all(upTo(8).map(insert))
    expect(outcomes.filter(({ result }) => result)).toHaveLength(1)
    expect(await find(store, table, key)).toMatchObject({ amount: outcomes.findIndex(({ result }) => result) + 1 })
  })

  scenario('changes no row a second time when it is repeated with the same events', async ({ store, table, key, unique }) => {
    const append = { stream: unique('account'), events: [sample()] }
    await store.transaction(({ rows }) => rows(table).insert(key, { amount: 0 }))
    const run = () =>
      store.transaction(async (within) => {
        const { amount } = (await within.rows(table).lock(key)) as { amount: number }
        await within.rows(table).update(key, { amount: amount + 1 })
        within.append(append)
      })
    const first = await run()
    expect((await run()).appended).toEqual(first.appended)
    expect(await find(store, table, key)).toMatchObject({ amount: 1 })
  })

  scenario('refuses rows when the work is over', async ({ store, table, key }) => {
    const { result: late } = await store.transaction(async ({ rows }) => rows(table))
    for (const attempt of [() => late.find(key), () => late.insert(key, {}), () => late.update(key, {}), () => late.lock(key)])
      await rejectsWith('transaction-ended', attempt)
    expect(await find(store, table, key)).toBeUndefined()
  })
}

type Transacting = Pick<World['store'], 'transaction'>

const find = async (store: Transacting, table: Table, key: string): Promise<Row | undefined> =>
  (await store.transaction(({ rows }) => rows(table).find(key))).result

const deposit = (store: Transacting, table: Table, key: string) =>
  store.transaction(async ({ rows }) => {
    const { amount } = (await rows(table).lock(key)) as { amount: number }
    await rows(table).update(key, { amount: amount + 1 })
  })
