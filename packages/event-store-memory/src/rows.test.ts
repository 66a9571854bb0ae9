import { InMemoryLog, inMemoryEventStore } from './index.js'

const accounts = { name: 'accounts', key: 'account' }

describe('rows in memory', () => {
  const begin = async () => {
    const log = new InMemoryLog()
    const store = inMemoryEventStore({ log })
    await store.start()
    return { log, store }
  }

  it('are committed with the work, and seen by it before', async () => {
    const { log, store } = await begin()
    const { result } = await store.transaction(async ({ rows }) => {
      expect(await rows(accounts).insert('ann', { balance: 5 })).toBe(true)
      expect(await rows(accounts).update('ann', { owner: 'Ann' })).toBe(true)
      expect(log.row('accounts', 'ann')).toBeUndefined()
      return rows(accounts).find('ann')
    })
    expect(result).toEqual({ account: 'ann', balance: 5, owner: 'Ann' })
    expect(log.row('accounts', 'ann')).toEqual(result)
  })

  it('are as before when the work throws, or an append is refused', async () => {
    const { log, store } = await begin()
    const change = store.transaction(async ({ rows, append }) => {
      await rows(accounts).insert('ann', { balance: 5 })
      append({ stream: 'account-ann', events: [], expectedVersion: 7 })
    })
    await expect(change).rejects.toMatchObject({ code: 'wrong-expected-version' })
    expect(log.row('accounts', 'ann')).toBeUndefined()
  })

  it('are as before a part of the work that throws', async () => {
    const { log, store } = await begin()
    await store.transaction(async ({ rows, part }) => {
      await rows(accounts).insert('ann', { balance: 5 })
      const refused = part(async () => {
        await rows(accounts).update('ann', { balance: 6 })
        throw new Error('no')
      })
      await expect(refused).rejects.toThrow('no')
    })
    expect(log.row('accounts', 'ann')).toMatchObject({ balance: 5 })
  })

  it('are there once: a second one with the same key waits, and is not inserted', async () => {
    const { store } = await begin()
    const insert = (balance: number) => store.transaction(({ rows }) => rows(accounts).insert('ann', { balance }))
    expect((await Promise.all([insert(1), insert(2)])).map(({ result }) => result)).toEqual([true, false])
    expect((await store.transaction(({ rows }) => rows(accounts).update('bob', { balance: 1 }))).result).toBe(false)
  })

  it('are locked for one transaction at a time, and each sees what the one before has left', async () => {
    const { log, store } = await begin()
    await store.transaction(({ rows }) => rows(accounts).insert('ann', { balance: 0 }))
    const deposit = () =>
      store.transaction(async ({ rows }) => {
        const { balance } = (await rows(accounts).lock('ann')) as { balance: number }
        await Promise.resolve()
        await rows(accounts).update('ann', { balance: balance + 1 })
      })
    await Promise.all(Array.from({ length: 20 }, deposit))
    expect(log.row('accounts', 'ann')).toMatchObject({ balance: 20 })
  })

  it('let one of two transactions give way that wait for each other', async () => {
    const { log, store } = await begin()
    await store.transaction(async ({ rows }) => {
      for (const account of ['ann', 'bob']) await rows(accounts).insert(account, { balance: 0 })
    })
    const move = (from: string, to: string) =>
      store.transaction(async ({ rows }) => {
        await rows(accounts).lock(from)
        await rows(accounts).lock(to)
        await rows(accounts).update(from, { balance: -1 })
      })
    const settled = await Promise.allSettled([move('ann', 'bob'), move('bob', 'ann')])
    expect(settled.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(settled.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'row-deadlock' } })
    expect(['ann', 'bob'].map((account) => log.row('accounts', account)!.balance).sort()).toEqual([-1, 0])
  })

  it('are not written when the events of the transaction are stored already', async () => {
    const { log, store } = await begin()
    const event = {
      id: '00000000-0000-7000-8000-000000000001',
      type: 'noted',
      schemaVersion: 1,
      data: '{}',
      metadata: '{}',
      tags: [],
    }
    const run = (key: string) =>
      store.transaction(async ({ rows, append }) => {
        await rows(accounts).insert(key, {})
        append({ stream: 'account-ann', events: [event] })
      })
    const first = await run('ann')
    expect((await run('bob')).appended).toEqual(first.appended)
    expect(log.row('accounts', 'bob')).toBeUndefined()
  })

  it('are refused after the end', async () => {
    const { store } = await begin()
    const { result: late } = await store.transaction(async ({ rows }) => rows(accounts))
    await expect(late.find('ann')).rejects.toMatchObject({ code: 'transaction-ended' })
  })
})
