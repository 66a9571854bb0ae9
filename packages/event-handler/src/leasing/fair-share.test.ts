import fc from 'fast-check'
import { fairShare, type Shared } from './fair-share.js'

const members = (count: number) => Array.from({ length: count }, (_, index) => `process-${index}`)
const sharesOf = (owners: readonly string[], subscriptions: readonly Shared[]) =>
  new Map(owners.map((owner) => [owner, fairShare(owner, subscriptions)]))
const sum = (numbers: Iterable<number>) => [...numbers].reduce((total, number) => total + number, 0)
const spread = (numbers: readonly number[]) => Math.max(...numbers) - Math.min(...numbers)

describe('the fair share', () => {
  it('of one process is everything', () => {
    expect(fairShare('a', [{ name: 's', partitions: 7, members: ['a'] }])).toEqual(new Map([['s', 7]]))
  })

  it('spreads subscriptions of one partition over the processes', () => {
    const owners = members(3)
    const subscriptions = Array.from({ length: 50 }, (_, index) => ({ name: `s${index}`, partitions: 1, members: owners }))
    const loads = [...sharesOf(owners, subscriptions).values()].map((shares) => sum(shares.values()))
    expect(loads.sort()).toEqual([16, 17, 17])
  })

  it('says nothing of a subscription that the process takes no part in', () => {
    expect(fairShare('a', [{ name: 's', partitions: 7, members: ['b'] }])).toEqual(new Map())
  })

  it('adds up to all partitions; no two processes differ by more than one, of a subscription and in all', () => {
    const cases = fc.record({
      count: fc.integer({ min: 1, max: 9 }),
      partitions: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 30 }),
    })
    fc.assert(
      fc.property(cases, ({ count, partitions }) => {
        const owners = members(count)
        const subscriptions = partitions.map((partitions, index) => ({ name: `s${index}`, partitions, members: owners }))
        const shares = [...sharesOf(owners, subscriptions).values()]
        for (const { name, partitions } of subscriptions) {
          const ofIt = shares.map((share) => share.get(name)!)
          expect(sum(ofIt)).toBe(partitions)
          expect(spread(ofIt)).toBeLessThanOrEqual(1)
        }
        expect(spread(shares.map((share) => sum(share.values())))).toBeLessThanOrEqual(1)
      }),
    )
  })

  it('adds up also where each subscription has members of its own, of which each process knows its own subscriptions only', () => {
    const subscription = fc.record({
      partitions: fc.integer({ min: 1, max: 12 }),
      members: fc.subarray(members(5), { minLength: 1 }),
    })
    fc.assert(
      fc.property(fc.array(subscription, { minLength: 1, maxLength: 20 }), (given) => {
        const subscriptions = given.map((one, index) => ({ ...one, name: `s${index}` }))
        const shares = members(5).map((owner) =>
          fairShare(
            owner,
            subscriptions.filter(({ members }) => members.includes(owner)),
          ),
        )
        for (const { name, partitions } of subscriptions) {
          expect(sum(shares.map((share) => share.get(name) ?? 0))).toBe(partitions)
        }
      }),
    )
  })

  it('moves nothing to a newcomer where there are fewer to share than processes', () => {
    const of = (owners: readonly string[]) => [
      { name: 's', partitions: 1, members: owners },
      { name: 't', partitions: 1, members: owners },
    ]
    for (const count of [2, 3, 4, 5]) {
      const owners = members(count + 1)
      expect(sharesOf(members(2), of(owners))).toEqual(sharesOf(members(2), of(members(2))))
    }
  })

  it('leaves most where it is when a process comes', () => {
    const of = (owners: readonly string[]) =>
      Array.from({ length: 60 }, (_, index) => ({ name: `s${index}`, partitions: 1, members: owners }))
    const before = sharesOf(members(3), of(members(3)))
    const after = sharesOf(members(4), of(members(4)))
    const moved = sum(
      members(3).map((owner) => [...before.get(owner)!].filter(([name, count]) => count > after.get(owner)!.get(name)!).length),
    )
    // The new one gets fifteen; those have to move.
    expect(moved).toBeLessThanOrEqual(30)
  })
})
