// How many partitions of each subscription a process is to hold.
//
// Every process computes this from the members alone, never from who holds what; so all that know the same members come to the same
// numbers, which add up to all partitions. Who has more than its number gives some back, who has less takes some that are free, and who has
// its number moves nothing: there is nothing to go back and forth about.
//
//   of each subscription    partitions / members, rounded down
//   the rest, one each      evenly over all subscriptions with the very same members; where that leaves a rest again, to the oldest members
//
// So fifty subscriptions of one partition are spread, too, and no member has two more than another, neither of one subscription nor in all.
// Which member gets which rest is told by a hash, so that most stays where it is when a member comes or goes; and where there are fewer
// rests than members, a newcomer moves nothing.

import { hashOf } from './partition-of.js'

/** A subscription as all its members see it. */
export interface Shared {
  readonly name: string
  readonly partitions: number
  /** The owners that take part in it, each once, those that have for longest first. */
  readonly members: readonly string[]
}

/** @returns subscription → how many of its partitions the owner is to hold; none where it is no member */
export function fairShare(owner: string, subscriptions: readonly Shared[]): ReadonlyMap<string, number> {
  const shares = new Map<string, number>()
  for (const group of groupsWithSameMembers(subscriptions)) {
    const members = group[0]!.members
    if (!members.includes(owner)) continue
    const rests = restsOf(group, members)
    for (const { name, partitions } of group) {
      const whole = Math.floor(partitions / members.length)
      shares.set(name, whole + (rests.get(name)!.has(owner) ? 1 : 0))
    }
  }
  return shares
}

/** Subscription → which members have one partition of the rest. */
function restsOf(group: readonly Shared[], members: readonly string[]): ReadonlyMap<string, ReadonlySet<string>> {
  const rests = group
    .map(({ name, partitions }) => ({ name, count: partitions % members.length }))
    // Those that want several members at once come first: afterwards, one member that has room is always enough.
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
  const sum = rests.reduce((sum, { count }) => sum + count, 0)
  const whole = Math.floor(sum / members.length)
  const loads = members.map((member, age) => ({ member, load: 0, most: age < sum % members.length ? whole + 1 : whole }))
  const given = new Map<string, ReadonlySet<string>>()
  for (const { name, count } of rests) {
    const byHash = loads
      .map((one) => ({ one, hash: hashOf(`${name} ${one.member}`) }))
      .sort((a, b) => b.hash - a.hash || (a.one.member < b.one.member ? -1 : 1))
      .map(({ one }) => one)
    const byNeed =
      count > 1 ? byHash.sort((a, b) => a.load - b.load || b.most - a.most) : byHash.filter(({ load, most }) => load < most)
    const chosen = byNeed.slice(0, count)
    for (const one of chosen) one.load++
    given.set(name, new Set(chosen.map(({ member }) => member)))
  }
  return given
}

/** All processes go by the order of age that the first subscription of a group tells. */
function groupsWithSameMembers(subscriptions: readonly Shared[]): readonly (readonly Shared[])[] {
  const groups = new Map<string, Shared[]>()
  for (const subscription of [...subscriptions].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const key = JSON.stringify([...subscription.members].sort())
    const group = groups.get(key)
    if (group) group.push(subscription)
    else groups.set(key, [subscription])
  }
  return [...groups.values()]
}
