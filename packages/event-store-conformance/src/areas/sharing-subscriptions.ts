import type { Area } from '../area.js'
import { beat, viewOf } from '../heartbeats.js'
import { held, registered, SHORT, takeover } from '../leases.js'
import { rejectsWith } from '../rejects-with.js'
import { until } from '../until.js'

/** What processes tell each other through the store: who takes part, who holds what, what is paused. */
export const sharingSubscriptions: Area = (scenario) => {
  const shared: typeof scenario = (sentence, run, ...needs) => scenario(sentence, run, 'checkpoints', ...needs)

  shared('answers a heartbeat with how a subscription is', async ({ store, unique }) => {
    const subscription = await registered(store, unique, 7, 2)
    const lease = await held(store, subscription, 'me', 1)
    await store.checkpoints.advance(lease, 9)
    expect(await viewOf(store, subscription, 'me', [lease])).toEqual({
      name: subscription,
      partitions: 2,
      members: ['me'],
      isPaused: false,
      change: undefined,
      checkpoints: await store.checkpoints.list(subscription).then((rows) =>
        rows.map((row) => ({
          ...row,
          leaseExpiresIn: row.leaseExpiresIn === undefined ? undefined : expect.any(Number),
        })),
      ),
      parked: 0,
    })
  })

  shared('tells of the subscriptions that are asked for by their names, each once', async ({ store, unique }) => {
    const names = [await registered(store, unique), await registered(store, unique)].sort()
    await registered(store, unique)
    const { subscriptions } = await beat(store, 'me', [names[1]!, names[0]!, names[1]!])
    expect(subscriptions.map(({ name }) => name)).toEqual(names)
  })

  shared('leaves a subscription out of its answer that it does not know', async ({ store, unique }) => {
    const known = await registered(store, unique)
    const { lost, subscriptions } = await beat(store, 'me', [unique('subscription'), known])
    expect(subscriptions.map(({ name }) => name)).toEqual([known])
    expect(lost).toEqual([])
    expect((await beat(store, 'me', [])).subscriptions).toEqual([])
  })

  shared('tells the owners that take part in a subscription, in the order in which they came', async ({ store, unique }) => {
    const [one, other] = [await registered(store, unique), await registered(store, unique)]
    await beat(store, 'c', [one])
    await beat(store, 'b', [one, other])
    await beat(store, 'c', [one])
    expect((await viewOf(store, one, 'a'))?.members).toEqual(['c', 'b', 'a'])
    await beat(store, 'b', [one, other])
    expect((await viewOf(store, other, 'b'))?.members).toEqual(['b'])
  })

  shared(
    'ends the part of an owner in what its next heartbeat does not name, and keeps its leases there',
    async ({ store, unique }) => {
      const [one, other] = [await registered(store, unique), await registered(store, unique)]
      const lease = await held(store, one, 'leaving')
      await beat(store, 'staying', [one])
      await beat(store, 'leaving', [one, other], [lease])
      await beat(store, 'leaving', [other], [lease])
      const view = await viewOf(store, one, 'staying')
      expect(view).toMatchObject({ members: ['staying'], checkpoints: [{ owner: 'leaving' }] })
      expect((await viewOf(store, other, 'leaving'))?.members).toEqual(['leaving'])
      await beat(store, 'leaving', [one], [lease])
      expect((await viewOf(store, one, 'staying'))?.members).toEqual(['staying', 'leaving'])
    },
  )

  shared('lengthens a lease that was acquired under another name than the heartbeat’s', async ({ store, unique }) => {
    const lease = await held(store, await registered(store, unique), 'me+1', 0, 5_000)
    expect((await beat(store, 'me', [lease.subscription], [lease])).lost).toEqual([])
    expect((await store.checkpoints.list(lease.subscription))[0]!.leaseExpiresIn).toBeGreaterThan(5_000)
  })

  shared('does not count an owner who was not heard of for as long as it said', async ({ store, unique }) => {
    const subscription = await registered(store, unique)
    await beat(store, 'gone', [subscription])
    expect((await viewOf(store, subscription, 'me'))?.members).toEqual(['gone', 'me'])
    await beat(store, 'gone', [subscription], [], SHORT)
    await until('it is not counted', async () => (await viewOf(store, subscription, 'me'))?.members.length === 1)
    // Who comes back is the youngest.
    await beat(store, 'gone', [subscription])
    expect((await viewOf(store, subscription, 'me'))?.members).toEqual(['me', 'gone'])
  })

  shared('lengthens the leases of a heartbeat, of several subscriptions at once', async ({ store, unique }) => {
    const leases = await Promise.all(
      [0, 1].map(async () => held(store, await registered(store, unique), `it's "me" \\ 💶`, 0, 5_000)),
    )
    const names = leases.map(({ subscription }) => subscription)
    const { lost, subscriptions } = await beat(store, leases[0]!.owner, names, leases)
    expect(lost).toEqual([])
    for (const { checkpoints } of subscriptions) {
      expect(checkpoints[0]).toMatchObject({ owner: leases[0]!.owner })
      expect(checkpoints[0]!.leaseExpiresIn).toBeGreaterThan(5_000)
    }
  })

  shared('lengthens leases of subscriptions that the heartbeat does not ask for', async ({ store, unique }) => {
    const lease = await held(store, await registered(store, unique), 'me', 0, 5_000)
    expect(await beat(store, 'me', [], [lease])).toEqual({ lost: [], subscriptions: [] })
    expect((await store.checkpoints.list(lease.subscription))[0]!.leaseExpiresIn).toBeGreaterThan(5_000)
  })

  shared('lengthens a lease that a heartbeat names twice', async ({ store, unique }) => {
    const lease = await held(store, await registered(store, unique), 'me', 0, 5_000)
    expect((await beat(store, 'me', [], [lease, { ...lease }])).lost).toEqual([])
    expect((await store.checkpoints.list(lease.subscription))[0]!.leaseExpiresIn).toBeGreaterThan(5_000)
  })

  shared('tells which leases of a heartbeat are lost, and lengthens only the others', async ({ store, unique }) => {
    const { subscription, zombie, successor } = await takeover(store, unique)
    const sound = await held(store, await registered(store, unique), 'zombie', 0, 5_000)
    const forged = [
      { ...sound, epoch: sound.epoch + 1 },
      { ...sound, partition: 1 },
      { ...sound, owner: 'another' },
    ]
    const gone = { ...sound, subscription: unique('subscription') }
    const { lost } = await beat(store, 'zombie', [subscription], [zombie, sound, ...forged, gone])
    expect(lost).toEqual([zombie, ...forged, gone])
    expect((await store.checkpoints.list(subscription))[0]).toMatchObject({ owner: 'successor', epoch: successor.epoch })
    expect((await store.checkpoints.list(sound.subscription))[0]!.leaseExpiresIn).toBeGreaterThan(5_000)
  })

  shared('lets an owner go on by a heartbeat whose lease ran out while nobody took it over', async ({ store, unique }) => {
    const subscription = await registered(store, unique)
    const lease = await held(store, subscription, 'me', 0, 1)
    await until('it has expired', async () => (await store.checkpoints.list(subscription))[0]!.owner === undefined)
    expect((await beat(store, 'me', [subscription], [lease])).lost).toEqual([])
    expect((await store.checkpoints.list(subscription))[0]).toMatchObject({ owner: 'me', epoch: lease.epoch })
  })

  shared('frees every lease of an owner who leaves, and counts it no more', async ({ store, unique }) => {
    const subscription = await registered(store, unique, 0, 3)
    const leases = await Promise.all([0, 1].map((partition) => held(store, subscription, 'leaving', partition)))
    const others = await held(store, subscription, 'staying', 2)
    await beat(store, 'leaving', [subscription], leases)
    await store.checkpoints.leave('leaving')
    const view = await viewOf(store, subscription, 'staying', [others])
    expect(view).toMatchObject({ members: ['staying'] })
    expect(view!.checkpoints.map(({ owner }) => owner)).toEqual([undefined, undefined, 'staying'])
    await rejectsWith('lease-lost', () => store.checkpoints.advance(leases[0]!, 1))
    await store.checkpoints.leave(unique('nobody'))
  })

  shared(
    'tells each process of the others',
    async ({ store, neighbour, unique }) => {
      const other = await neighbour()
      const subscription = await registered(store, unique)
      const lease = await held(other, subscription, 'there')
      await beat(other, 'there', [subscription], [lease])
      const view = await viewOf(store, subscription, 'here')
      expect(view).toMatchObject({ members: ['there', 'here'], checkpoints: [{ owner: 'there', epoch: lease.epoch }] })
    },
    'several processes',
  )

  shared(
    'carries heartbeats of many processes on the same subscriptions at the same time',
    async ({ store, neighbour, unique }) => {
      const stores = [store, await neighbour()]
      const names = await Promise.all(Array.from({ length: 5 }, () => registered(store, unique, 0, 8)))
      const rounds = Array.from({ length: 8 }, async (_, owner) => {
        const at = stores[owner % stores.length]!
        const leases = await Promise.all(names.map((name) => held(at, name, `owner-${owner}`, owner)))
        for (let round = 0; round < 5; round++) {
          const asked = round % 2 === 0 ? names : [...names].reverse()
          const { lost, subscriptions } = await beat(at, `owner-${owner}`, asked, [...leases].reverse())
          expect(lost).toEqual([])
          expect(subscriptions).toHaveLength(names.length)
        }
      })
      await Promise.all(rounds)
      expect((await viewOf(store, names[0]!, 'owner-0'))?.members.length).toBe(8)
    },
    'several processes',
  )
}
