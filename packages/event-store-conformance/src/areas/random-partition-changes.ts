import { type EventStore, hasCode, type Lease } from '@writ/event-store'
import fc from 'fast-check'
import type { Area } from '../area.js'
import { beat, viewOf } from '../heartbeats.js'
import { LONG, registered } from '../leases.js'

type Step =
  | { readonly kind: 'wish'; readonly partitions: number }
  | { readonly kind: 'acquire'; readonly partition: number; readonly owner: string; readonly milliseconds: number }
  | { readonly kind: 'advance'; readonly which: number; readonly by: number }
  | { readonly kind: 'release'; readonly which: number; readonly by: number }
  | { readonly kind: 'heartbeat'; readonly owner: string }
  | { readonly kind: 'leave'; readonly owner: string }

const END = 50

/** Whatever happens in whichever order: each position is given to one holder for each sequence, none twice and none to nobody. */
export const randomPartitionChanges: Area = (scenario) => {
  scenario(
    'give every position of every sequence to one holder, whatever happens in whichever order',
    async ({ store, unique }) => {
      for (const steps of fc.sample(fc.array(step, { minLength: 5, maxLength: 50, size: 'max' }), { numRuns: 60, seed: 11 })) {
        const subscription = await registered(store, unique, 0, 2)
        const run = new Run(store, subscription)
        for (const one of steps) await run.take(one)
        await run.finish()
      }
    },
    'checkpoints',
  )
}

const owner = fc.constantFrom('a', 'b')
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wish' as const), partitions: fc.integer({ min: 1, max: 4 }) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('acquire' as const),
      partition: fc.integer({ min: 0, max: 3 }),
      owner,
      // The clock of a store is its own, so a lease is over at once or lasts.
      milliseconds: fc.constantFrom(0, LONG),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom('advance' as const, 'advance' as const, 'release' as const),
      which: fc.nat(),
      by: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('heartbeat' as const, 'leave' as const), owner }) },
)

class Run {
  /** How far each of some sequences has come; they are shared out by the number of partitions. */
  private readonly finished = Array.from({ length: 12 }, () => 0)
  private readonly leases: { readonly lease: Lease; readonly partitions: number; readonly upTo: number; checkpoint: number }[] =
    []
  private readonly epochs = new Map<number, number>()

  constructor(
    private readonly store: EventStore,
    private readonly subscription: string,
  ) {}

  async take(step: Step): Promise<void> {
    const { checkpoints } = this.store
    if (step.kind === 'wish') {
      await checkpoints.register({ name: this.subscription, startAfter: 0, partitions: step.partitions })
    } else if (step.kind === 'acquire') {
      await this.acquire(step.partition, step.owner, step.milliseconds)
    } else if (step.kind === 'heartbeat') {
      const own = this.leases.flatMap(({ lease }) => (lease.owner === step.owner ? [lease] : []))
      await beat(this.store, step.owner, [this.subscription], own)
    } else if (step.kind === 'leave') {
      await checkpoints.leave(step.owner)
    } else if (this.leases.length > 0) {
      const place = step.which % this.leases.length
      if (step.kind === 'advance') await this.advance(place, step.by)
      else await checkpoints.release(this.leases[place]!.lease)
    }
    await this.checkEpochs()
  }

  /** Lets everyone go, and goes on to the end. */
  async finish(): Promise<void> {
    for (const owner of ['a', 'b']) await this.store.checkpoints.leave(owner)
    for (;;) {
      const view = (await viewOf(this.store, this.subscription, 'last'))!
      if (!view.change && view.checkpoints.every(({ checkpoint }) => checkpoint === END)) break
      for (const { partition } of view.checkpoints) {
        const place = await this.acquire(partition, 'last', LONG)
        if (place === undefined) continue
        await this.advance(place, END)
        await this.store.checkpoints.release(this.leases[place]!.lease)
      }
    }
    expect(this.finished).toEqual(this.finished.map(() => END))
  }

  private async acquire(partition: number, owner: string, milliseconds: number): Promise<number | undefined> {
    const name = { subscription: this.subscription, partition }
    const taken = await this.store.checkpoints.acquire(name, owner, milliseconds)
    if (!taken.acquired) return undefined
    const { lease, checkpoint, partitions, upTo = END } = taken
    return this.leases.push({ lease, checkpoint, partitions, upTo }) - 1
  }

  /** A holder believes what it was told with its lease; the store alone knows whether it is out of date. */
  private async advance(place: number, by: number): Promise<void> {
    const held = this.leases[place]!
    const position = Math.min(held.checkpoint + by, held.upTo, END)
    try {
      await this.store.checkpoints.advance(held.lease, position)
    } catch (error) {
      if (hasCode(error, 'lease-lost') || hasCode(error, 'checkpoint-behind')) return
      throw error
    }
    for (const sequence of this.finished.keys()) {
      if (sequence % held.partitions !== held.lease.partition) continue
      // Two leases of one holder, of the same epoch, may have come to different places.
      expect(this.finished[sequence]).toBeGreaterThanOrEqual(held.checkpoint)
      if (!this.sharesEpoch(place)) expect(this.finished[sequence]).toBe(held.checkpoint)
      this.finished[sequence] = position
    }
    held.checkpoint = position
  }

  private sharesEpoch(place: number): boolean {
    const { lease } = this.leases[place]!
    return this.leases.some((other, index) => {
      const { partition, owner, epoch } = other.lease
      return index !== place && partition === lease.partition && owner === lease.owner && epoch === lease.epoch
    })
  }

  private async checkEpochs(): Promise<void> {
    for (const { partition, epoch } of await this.store.checkpoints.list(this.subscription)) {
      expect(epoch).toBeGreaterThanOrEqual(this.epochs.get(partition) ?? 0)
      this.epochs.set(partition, epoch)
    }
  }
}
