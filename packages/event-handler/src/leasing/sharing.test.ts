import fc from 'fast-check'
import { fairShare } from './fair-share.js'

/** Rounds after which whoever crashed is known to be gone. */
const LEASE = 3

/** A process as far as sharing goes: what it holds, and what it knows since its last heartbeat. */
class Member {
  readonly held = new Map<string, Set<number>>()
  share: ReadonlyMap<string, number> = new Map()
  moves = 0

  constructor(
    readonly name: string,
    readonly subscriptions: readonly string[],
  ) {}

  heldOf(subscription: string): Set<number> {
    const held = this.held.get(subscription) ?? new Set()
    this.held.set(subscription, held)
    return held
  }

  get load(): number {
    return [...this.held.values()].reduce((sum, held) => sum + held.size, 0)
  }
}

/** What a store does: memberships and leases that end when nobody renews them. */
class World {
  readonly members: Member[] = []
  private readonly crashed: { readonly member: Member; until: number }[] = []
  private round = 0
  private count = 0

  constructor(private readonly partitions: ReadonlyMap<string, number>) {}

  join(subscriptions: readonly string[]): void {
    this.members.push(new Member(`process-${this.count++}`, subscriptions))
  }

  leave(index: number): void {
    this.members.splice(index % this.members.length, 1)
  }

  /** What it holds stays held for a while, by nobody who works on it. */
  crash(index: number): void {
    const [member] = this.members.splice(index % this.members.length, 1)
    if (member) this.crashed.push({ member, until: this.round + LEASE })
  }

  /** One process sends its heartbeat, gives back its surplus, and takes what is free and its own. */
  beat(index: number): void {
    const member = this.members[index % this.members.length]
    if (!member) return
    member.share = fairShare(
      member.name,
      member.subscriptions.map((name) => ({ name, partitions: this.partitions.get(name)!, members: this.membersOf(name) })),
    )
    for (const name of member.subscriptions) {
      const held = member.heldOf(name)
      const share = member.share.get(name)!
      for (const partition of [...held].slice(share)) {
        held.delete(partition)
        member.moves++
      }
      for (const partition of this.freeOf(name).slice(0, Math.max(0, share - held.size))) {
        held.add(partition)
        member.moves++
      }
    }
  }

  /** Every process sends its heartbeat once, in some order. */
  everyone(order: number): void {
    this.round++
    for (let index = 0; index < this.members.length; index++) this.beat(index + order)
  }

  membersOf(name: string): readonly string[] {
    const known = [...this.crashed.filter(({ until }) => until > this.round).map(({ member }) => member), ...this.members]
    return known
      .filter(({ subscriptions }) => subscriptions.includes(name))
      .map((member) => member.name)
      .sort((a, b) => Number(a.slice(8)) - Number(b.slice(8)))
  }

  freeOf(name: string): readonly number[] {
    const holders = [...this.crashed.filter(({ until }) => until > this.round).map(({ member }) => member), ...this.members]
    const taken = new Set(holders.flatMap((holder) => [...holder.heldOf(name)]))
    return Array.from({ length: this.partitions.get(name)! }, (_, partition) => partition).filter((one) => !taken.has(one))
  }
}

const spread = (numbers: readonly number[]) => Math.max(...numbers) - Math.min(...numbers)

describe('processes that come, go and crash', () => {
  it('come to hold everything, evenly, within a few heartbeats, and move nothing then', () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ does: fc.constant('join' as const), who: fc.nat(20) }),
        fc.record({ does: fc.constantFrom('leave' as const, 'crash' as const, 'beat' as const), who: fc.nat(20) }),
      ),
      { maxLength: 60 },
    )
    const given = fc.record({ partitions: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 12 }), steps })
    fc.assert(
      fc.property(given, ({ partitions, steps }) => {
        const names = partitions.map((_, index) => `s${index}`)
        const world = new World(new Map(names.map((name, index) => [name, partitions[index]!])))
        world.join(names)
        for (const { does, who } of steps) {
          if (does === 'join') world.join(names)
          else if (does === 'beat') world.beat(who)
          else if (world.members.length > 1) world[does](who)
        }
        for (let round = 0; round < LEASE + 3; round++) world.everyone(round)
        for (const name of names) {
          expect(world.freeOf(name)).toEqual([])
          expect(spread(world.members.map((member) => member.heldOf(name).size))).toBeLessThanOrEqual(1)
        }
        expect(spread(world.members.map(({ load }) => load))).toBeLessThanOrEqual(1)
        const moves = world.members.map((member) => member.moves)
        for (let round = 0; round < 5; round++) world.everyone(round)
        expect(world.members.map((member) => member.moves)).toEqual(moves)
      }),
      { numRuns: 300 },
    )
  })

  it('come to hold everything also where they don’t all take part in the same subscriptions, as in a rolling deployment', () => {
    const given = fc.array(fc.subarray(['s0', 's1', 's2', 's3'], { minLength: 1 }), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(given, (parts) => {
        const world = new World(new Map([0, 1, 2, 3].map((index) => [`s${index}`, index + 1])))
        for (const part of parts) {
          world.join(part)
          world.everyone(part.length)
        }
        for (let round = 0; round < 4; round++) world.everyone(round)
        for (const name of new Set(parts.flat())) {
          expect(world.freeOf(name)).toEqual([])
          const able = world.members.filter(({ subscriptions }) => subscriptions.includes(name))
          expect(spread(able.map((member) => member.heldOf(name).size))).toBeLessThanOrEqual(1)
        }
      }),
      { numRuns: 300 },
    )
  })
})
