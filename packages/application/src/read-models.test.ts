import { until } from '@writ/build-tools'
import 'reflect-metadata'
import {
  On,
  on,
  Projection,
  type ProjectionContext,
  type ProjectionOptions,
  projection,
  type SubscriptionDefinition,
} from '@writ/event-handler'
import { type EventStore, newEvent, systemRuntime } from '@writ/event-store'
import { InMemoryLog, type InMemoryTransaction, inMemoryEventStore } from '@writ/event-store-memory'
import { MoneyDeposited } from '../test/small-bank.js'
import { Application } from './application.js'
import { module } from './module.js'

/** The rows of one version; `wrong` counts each deposit one too many. */
class Sums {
  readonly byAccount = new Map<string, number>()
  /** What `afterUpdate` was told, as `account amount`. */
  readonly told: string[] = []
  tornDown = 0
  hold: Promise<void> | undefined
}

function version(
  number: number,
  sums: Sums,
  options: Partial<ProjectionOptions> & { wrong?: boolean } = {},
): SubscriptionDefinition {
  const { wrong = false, ...rest } = options
  class AnySums {
    @On(MoneyDeposited)
    async deposited({ account, amount }: MoneyDeposited) {
      await sums.hold
      sums.byAccount.set(account, (sums.byAccount.get(account) ?? 0) + amount + Number(wrong))
    }

    checksum() {
      return [...sums.byAccount.values()].reduce((total, sum) => total + sum, 0)
    }

    count() {
      return sums.byAccount.size
    }

    tearDown() {
      sums.tornDown++
    }

    afterUpdate(events: readonly MoneyDeposited[]) {
      for (const { account, amount } of events) sums.told.push(`${account} ${amount}`)
    }
  }
  const value = new AnySums()
  return projection({
    name: 'sums',
    version: number,
    ...rest,
    on: [{ event: MoneyDeposited, name: 'deposited', handle: (event) => value.deposited(event as MoneyDeposited) }],
    checksum: () => value.checksum(),
    count: () => value.count(),
    tearDown: () => value.tearDown(),
    afterUpdate: (events) => value.afterUpdate(events as MoneyDeposited[]),
  })
}

describe('versions of a projection', () => {
  let log: InMemoryLog
  let store: EventStore
  const applications: Application[] = []
  beforeEach(async () => {
    log = new InMemoryLog()
    store = inMemoryEventStore({ log })
    await store.start()
  })
  afterEach(async () => {
    for (const app of applications.splice(0)) await app.stop()
    await store.stop()
  })

  const run = async (...versions: SubscriptionDefinition[]) => {
    const modules = [module({ name: 'bank', projections: versions })]
    const app = await Application.create({ store: inMemoryEventStore({ log }), modules })
    applications.push(app)
    await app.start()
    return app
  }
  const deposit = (account: string, ...amounts: number[]) =>
    store.append({
      stream: `account-${account}`,
      events: amounts.map((amount) => newEvent(new MoneyDeposited({ account, amount }), systemRuntime.uuid())),
    })
  const served = (app: Application) => app.readModel('sums', ({ version }) => version)
  const live = async (app: Application) => (await app.projections.status('sums')).live

  it('serves the first one at once', async () => {
    const app = await run(version(3, new Sums()))
    expect(await served(app)).toBe(3)
    expect(await app.projections.status('sums')).toMatchObject({
      name: 'sums',
      live: 3,
      previous: undefined,
      versions: [{ version: 3, state: 'live', isHere: true, isCaughtUp: true, secondsLeft: 0 }],
    })
    expect(await app.health()).toMatchObject({ status: 'up', readModels: [{ name: 'sums', live: 3, serving: 3 }] })
  })

  it('builds a new one beside the old, serves the old one meanwhile, and makes the new one live when it has caught up', async () => {
    await deposit('a', 1, 2, 3)
    const [one, two] = [new Sums(), new Sums()]
    const old = await run(version(1, one))
    await old.settled()
    let release = () => {}
    two.hold = new Promise<void>((resolve) => {
      release = resolve
    })
    const app = await run(version(1, new Sums()), version(2, two))
    expect(await app.projections.status('sums')).toMatchObject({
      live: 1,
      versions: [
        { version: 2, state: 'building', position: 0, head: 3, isCaughtUp: false },
        { version: 1, state: 'live', position: 3, head: 3, isCaughtUp: true },
      ],
    })
    expect([await served(old), await served(app)]).toEqual([1, 1])
    // It is not waited for while it is built.
    await app.waitFor((await deposit('a', 4)).position, { handlers: ['sums'], timeout: 20_000 })
    release()
    await until('the new one is live', async () => (await live(app)) === 2)
    expect([await served(app), two.byAccount.get('a')]).toEqual([2, 10])
    // Old code goes on with what it has.
    expect(await served(old)).toBe(1)
    expect(await old.health()).toMatchObject({ status: 'up', readModels: [{ live: expect.any(Number), serving: 1 }] })
  })

  it('is not ready in a process that has only a version which is being built, and says so in its health', async () => {
    await deposit('a', 1, 2)
    const old = await run(version(1, new Sums()))
    await old.settled()
    const two = new Sums()
    let release = () => {}
    two.hold = new Promise<void>((resolve) => {
      release = resolve
    })
    const app = await run(version(2, two))
    await expect(served(app)).rejects.toMatchObject({
      code: 'read-model-not-ready',
      projection: 'sums',
      live: 1,
      versions: [{ version: 2, position: 0, head: 2 }],
    })
    expect(await app.health()).toMatchObject({ status: 'down', readModels: [{ name: 'sums', live: 1, serving: undefined }] })
    expect(await old.health()).toMatchObject({ status: 'up' })
    release()
    await until('it is ready', async () => (await app.health()).status === 'up')
    expect(await served(app)).toBe(2)
  })

  it('is made live by hand where that is asked for, once it has caught up, and rolled back', async () => {
    await deposit('a', 1)
    const two = new Sums()
    let release = () => {}
    two.hold = new Promise<void>((resolve) => {
      release = resolve
    })
    const first = await run(version(1, new Sums()))
    await first.settled()
    const app = await run(version(1, new Sums()), version(2, two, { swap: 'by-hand' }))
    await expect(app.projections.swap('sums')).rejects.toMatchObject({ code: 'read-model-not-ready' })
    await expect(app.projections.rollBack('sums')).rejects.toMatchObject({ code: 'nothing-to-roll-back-to', live: 1 })
    release()
    await app.settled()
    expect(await live(app)).toBe(1)
    await app.projections.swap('sums')
    expect(await served(app)).toBe(2)
    await app.projections.rollBack('sums')
    expect(await served(app)).toBe(1)
    expect(await app.projections.status('sums')).toMatchObject({ live: 1, previous: 2 })
    await app.projections.swap('sums', { version: 2 })
    expect(await served(app)).toBe(2)
  })

  it('is not made live again by itself after a roll-back', async () => {
    const app = await run(version(1, new Sums()))
    const newer = await run(version(1, new Sums()), version(2, new Sums()))
    await until('the new one is live', async () => (await live(newer)) === 2)
    await newer.projections.rollBack('sums')
    await deposit('a', 1)
    await newer.settled()
    expect([await live(newer), await served(app)]).toEqual([1, 1])
    const newest = await run(version(3, new Sums()))
    await until('the next one is live', async () => (await live(newest)) === 3)
  })

  it('can be compared, and is not made live where it is comparable and differs', async () => {
    await deposit('a', 1, 2)
    const first = await run(version(1, new Sums()))
    await first.settled()
    await first.stop()
    const [one, two] = [new Sums(), new Sums()]
    one.byAccount.set('a', 3)
    two.byAccount.set('left over', 0)
    const app = await run(version(1, one), version(2, two, { comparable: true, wrong: true }))
    await app.settled()
    expect(await app.projections.compare('sums')).toEqual({
      projection: 'sums',
      position: 2,
      versions: [
        { version: 1, count: 1, checksum: '3' },
        { version: 2, count: 2, checksum: '5' },
      ],
      agrees: false,
    })
    await expect(app.projections.swap('sums')).rejects.toMatchObject({
      code: 'projection-versions-differ',
      position: 2,
      message: expect.stringContaining('version 1 has 1 rows and the checksum 3, version 2 has 2 rows and the checksum 5'),
    })
    two.byAccount.delete('left over')
    two.byAccount.set('a', 3)
    two.byAccount.set('also left over', 0)
    expect((await app.projections.compare('sums')).agrees).toBe(false)
    two.byAccount.delete('also left over')
    expect((await app.projections.compare('sums')).agrees).toBe(true)
    expect(await live(app)).toBe(1)
    await app.stop()
    const right = await run(version(1, one), version(3, new Sums(), { comparable: true }))
    await until('one that agrees is live', async () => (await live(right)) === 3)
  })

  it('is dropped when nobody needs it, with its tables', async () => {
    const one = new Sums()
    const app = await run(
      version(1, one),
      version(2, new Sums(), { swap: 'by-hand' }),
      version(3, new Sums(), { swap: 'by-hand' }),
    )
    await app.settled()
    expect(await live(app)).toBe(3)
    await app.projections.swap('sums', { version: 2 })
    await expect(app.projections.drop('sums', 2)).rejects.toMatchObject({ code: 'projection-version-in-use', use: 'live' })
    await expect(app.projections.drop('sums', 3)).rejects.toMatchObject({ code: 'projection-version-in-use', use: 'previous' })
    await expect(app.projections.drop('sums', 9)).rejects.toMatchObject({ code: 'unknown-projection-version', known: [3, 2, 1] })
    await app.projections.drop('sums', 1)
    expect(one.tornDown).toBe(1)
    expect(await store.checkpoints.list('sums@1')).toEqual([])
    await expect(app.projections.drop('sums', 1)).rejects.toMatchObject({ code: 'unknown-projection-version' })
  })

  it('tells of updates after they are committed, once for each event, and never while a version is built', async () => {
    const [one, two, three] = [new Sums(), new Sums(), new Sums()]
    const app = await run(version(1, one))
    await deposit('a', 1, 2)
    await until('both are told', () => one.told.length === 2)
    const newer = await run(version(1, two), version(2, three, { swap: 'by-hand' }))
    await newer.settled()
    await newer.projections.swap('sums')
    await app.stop()
    await deposit('a', 3)
    await until('the third is told', () => three.told.length > 0)
    expect([one.told, two.told, three.told]).toEqual([['a 1', 'a 2'], [], ['a 3']])
    await newer.stop()
    await deposit('a', 4)
    const later = new Sums()
    await run(version(2, later))
    await until('what was missed is told', () => later.told.length > 0)
    expect(later.told).toEqual(['a 4'])
  })

  it('makes the rows of one stream anew, or changes nothing', async () => {
    const sums = new Map<string, number>()
    let isFailing = false
    const add = (stream: string, amount: number, onRollback: (undo: () => void) => void) => {
      const before = sums.get(stream)
      sums.set(stream, (before ?? 0) + amount)
      onRollback(() => (before === undefined ? sums.delete(stream) : sums.set(stream, before)))
    }
    const byStream = projection<InMemoryTransaction>({
      name: 'sums',
      on: [
        on(MoneyDeposited, ({ amount }, { event: { stream }, onRollback }: ProjectionContext<InMemoryTransaction>) => {
          add(stream, amount, onRollback)
          if (isFailing) throw new Error('not this time')
        }),
      ],
      forget: (stream, { onRollback }) => add(stream, -(sums.get(stream) ?? 0), onRollback),
    })
    await deposit('a', 1, 2)
    await deposit('b', 4)
    const app = await run(byStream)
    await app.settled()
    sums.set('account-a', 100)
    isFailing = true
    await expect(app.projections.replay('sums', 'account-a')).rejects.toThrow('not this time')
    expect(Object.fromEntries(sums)).toEqual({ 'account-a': 100, 'account-b': 4 })
    isFailing = false
    expect(await app.projections.replay('sums', 'account-a')).toBe(2)
    expect(Object.fromEntries(sums)).toEqual({ 'account-a': 3, 'account-b': 4 })
    await deposit('a', 5)
    await app.settled()
    expect(sums.get('account-a')).toBe(8)
    const elsewhere = await run(byStream)
    await expect(elsewhere.projections.replay('sums', 'account-a')).rejects.toMatchObject({
      code: 'replay-refused',
      stream: 'account-a',
    })
  })

  it('is named without its version, and refuses what is none', async () => {
    @Projection({ name: 'other' })
    class Other {
      @On(MoneyDeposited)
      deposited(_event: MoneyDeposited) {}
    }
    const app = await run(version(1, new Sums()))
    await expect(app.projections.status('sum')).rejects.toMatchObject({
      code: 'unknown-projection',
      known: ['sums'],
      message: expect.stringContaining("'sums' may be meant"),
    })
    await expect(app.readModel(Other, () => 0)).rejects.toMatchObject({ code: 'unknown-projection', projection: 'other' })
    await expect(app.projections.compare('sums')).rejects.toMatchObject({ code: 'unknown-projection-version', version: 1 })
    await expect(app.readModel('sums', ({ table }) => table('sums'))).rejects.toMatchObject({ code: 'capability-missing' })
    await app.stop()
    await expect(served(app)).rejects.toMatchObject({ code: 'application-not-running' })
  })
})
