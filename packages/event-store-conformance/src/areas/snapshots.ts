import type { Snapshot } from '@writ/event-store'
import type { Area } from '../area.js'

export const snapshots: Area = (scenario) => {
  const saved: typeof scenario = (sentence, run, ...needs) => scenario(sentence, run, 'snapshots', ...needs)
  const snapshot = (stream: string, given: Partial<Snapshot> = {}): Snapshot => {
    return { stream, version: 10, position: 25, schemaVersion: 1, state: '{"balance":500}', ...given }
  }

  saved('finds no snapshot of a stream that has none', async ({ store, unique }) => {
    await expect(store.snapshots.load(unique('account'), 1)).resolves.toBeUndefined()
  })

  saved('gives a snapshot back as it was saved, its state to the letter', async ({ store, unique }) => {
    const given = snapshot(unique('account'), {
      state: `{ "owner": "Zoë O'Neil 💶",  "balance": 1.50, "number": 12345678901234567890 }`,
    })
    await store.snapshots.save(given)
    await expect(store.snapshots.load(given.stream, 1)).resolves.toEqual(given)
  })

  saved('gives the newest one', async ({ store, unique }) => {
    const stream = unique('account')
    for (const version of [10, 20, 30]) await store.snapshots.save(snapshot(stream, { version, position: version * 3 }))
    await expect(store.snapshots.load(stream, 1)).resolves.toMatchObject({ version: 30, position: 90 })
  })

  saved('does not let an older one take the place of a newer one', async ({ store, unique }) => {
    const stream = unique('account')
    const save = (version: number, state: string) => store.snapshots.save(snapshot(stream, { version, state }))
    await expect(save(20, '"newer"')).resolves.toBe(true)
    await expect(save(10, '"older"')).resolves.toBe(false)
    await expect(save(20, '"the same again"')).resolves.toBe(false)
    await expect(store.snapshots.load(stream, 1)).resolves.toMatchObject({ version: 20, state: '"newer"' })
  })

  saved(
    'lets a snapshot go forward only, and says which of two processes has saved it',
    async ({ store, neighbour, unique }) => {
      const stores = [store, await neighbour()]
      for (let turn = 0; turn < 20; turn++) {
        const stream = unique('account')
        const same = await Promise.all(stores.map((one, index) => one.snapshots.save(snapshot(stream, { state: `${index}` }))))
        expect([...same].sort()).toEqual([false, true])
        await expect(store.snapshots.load(stream, 1)).resolves.toMatchObject({ state: String(same.indexOf(true)) })
        const versions = [11, 12, 13, 14, 15, 16]
        const moved = await Promise.all(
          versions.map((version, index) => stores[index % 2]!.snapshots.save(snapshot(stream, { version }))),
        )
        expect(moved.at(-1)).toBe(true)
        await expect(store.snapshots.load(stream, 1)).resolves.toMatchObject({ version: 16 })
      }
    },
    'several processes',
  )

  saved('keeps one snapshot for each schema version, and compares versions within it', async ({ store, unique }) => {
    const stream = unique('account')
    await expect(store.snapshots.save(snapshot(stream, { version: 20, schemaVersion: 1 }))).resolves.toBe(true)
    await expect(store.snapshots.save(snapshot(stream, { version: 10, schemaVersion: 2 }))).resolves.toBe(true)
    await expect(store.snapshots.save(snapshot(stream, { version: 15, schemaVersion: 1 }))).resolves.toBe(false)
    await expect(store.snapshots.load(stream, 1)).resolves.toMatchObject({ version: 20 })
    await expect(store.snapshots.load(stream, 2)).resolves.toMatchObject({ version: 10 })
  })

  saved('passes over snapshots of another schema version', async ({ store, unique }) => {
    const stream = unique('account')
    await store.snapshots.save(snapshot(stream, { version: 10, schemaVersion: 1, state: '"one"' }))
    await expect(store.snapshots.load(stream, 2)).resolves.toBeUndefined()
    await store.snapshots.save(snapshot(stream, { version: 10, schemaVersion: 2, state: '"two"' }))
    await expect(store.snapshots.load(stream, 2)).resolves.toMatchObject({ state: '"two"' })
    await expect(store.snapshots.load(stream, 3)).resolves.toBeUndefined()
  })

  saved('keeps those of one stream apart from those of another', async ({ store, unique }) => {
    const [one, two] = [unique('account'), unique('account')]
    await store.snapshots.save(snapshot(one, { state: '1' }))
    await store.snapshots.save(snapshot(two, { state: '2' }))
    await store.snapshots.delete(one)
    await expect(store.snapshots.load(one, 1)).resolves.toBeUndefined()
    await expect(store.snapshots.load(two, 1)).resolves.toMatchObject({ state: '2' })
  })

  saved('deletes those of every schema version, and takes an older one afterwards', async ({ store, unique }) => {
    const stream = unique('account')
    for (const schemaVersion of [1, 2]) await store.snapshots.save(snapshot(stream, { schemaVersion }))
    await store.snapshots.delete(stream)
    await store.snapshots.delete(stream)
    for (const schemaVersion of [1, 2]) await expect(store.snapshots.load(stream, schemaVersion)).resolves.toBeUndefined()
    await store.snapshots.save(snapshot(stream, { version: 4 }))
    await expect(store.snapshots.load(stream, 1)).resolves.toMatchObject({ version: 4 })
  })

  saved('keeps a state of a megabyte', async ({ store, unique }) => {
    const given = snapshot(unique('account'), { state: JSON.stringify('ü'.repeat(500_000)) })
    await store.snapshots.save(given)
    await expect(store.snapshots.load(given.stream, 1)).resolves.toEqual(given)
  })

  saved(
    'is seen by another process, and by the newest of two that save at the same time',
    async ({ store, neighbour, unique }) => {
      const other = await neighbour()
      const stream = unique('account')
      await Promise.all(
        [11, 14, 12, 13].map((version, index) => [store, other][index % 2]!.snapshots.save(snapshot(stream, { version }))),
      )
      await expect(other.snapshots.load(stream, 1)).resolves.toMatchObject({ version: 14 })
      await expect(store.snapshots.load(stream, 1)).resolves.toMatchObject({ version: 14 })
    },
    'several processes',
  )
}
