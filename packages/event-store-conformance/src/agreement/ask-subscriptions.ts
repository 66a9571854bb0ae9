// The operations on subscriptions that are shared, on what is parked and on live versions, as a store is asked them.

import type { EventStore, HeartbeatAnswer, Lease, ParkedEvent, ParkedEventName, ParkingChanges } from '@writ/event-store'
import type { Names } from './names.js'
import type { LeaseTime, ParkedGiven, ParkedName, ParkedOperation, SharedOperation, VersionOperation } from './operation.js'

export const milliseconds: Readonly<Record<LeaseTime, number>> = { long: 3_600_000, 'over at once': 0 }

export const workFailure = new Error('The work fails')

export interface Asked {
  readonly store: EventStore
  readonly names: Names
  /** Those that were acquired so far. */
  readonly leases: readonly Lease[]
  readonly toldEpoch: <T extends { subscription: string; partition: number; epoch: number }>(of: T) => T
}

const effect = (fails: boolean) => async () => {
  if (fails) throw workFailure
}

/** What a store is asked by an operation, and its answer in words that another store can be compared by. */
export async function askSubscriptions(
  operation: SharedOperation | ParkedOperation | VersionOperation,
  { store, names, leases, toldEpoch }: Asked,
): Promise<() => unknown> {
  const { checkpoints, parked, projections } = store
  const name = 'subscription' in operation ? names.subscription(operation.subscription) : ''
  const projection = 'projection' in operation ? names.subscription(operation.projection) : ''
  const silently = async (done: Promise<unknown>) => {
    const result = await done
    return () => result
  }
  switch (operation.kind) {
    case 'heartbeat': {
      const owner = names.owner(operation.owner)
      const own = leases.filter((lease) => lease.owner === owner)
      const subscriptions = [0, 1].map((number) => names.subscription(number))
      const answer = await checkpoints.heartbeat({
        owner,
        subscriptions,
        leases: own,
        leaseMilliseconds: milliseconds[operation.lease],
      })
      return () => toldHeartbeat(answer, toldEpoch)
    }
    case 'leave':
      return silently(checkpoints.leave(names.owner(operation.owner)))
    case 'pause':
      return silently(checkpoints.pause(name))
    case 'resume':
      return silently(checkpoints.resume(name))
    case 'reset':
      return silently(checkpoints.reset(name, operation.position, effect(operation.fails)))
    case 'delete subscription':
      return silently(checkpoints.delete(name))
    case 'advance and park': {
      const lease = leases[operation.which % Math.max(leases.length, 1)]
      const changes: ParkingChanges = { park: operation.park.map(newParked), unpark: operation.unpark.map(parkedName) }
      const advanced = !lease
        ? undefined
        : operation.effect === undefined
          ? checkpoints.advance(lease, operation.position, changes)
          : checkpoints.advanceWith(lease, operation.position, effect(operation.effect === 'fails'), changes)
      return silently(Promise.resolve(advanced))
    }
    case 'list parked': {
      const { after, limit } = operation
      const page = { ...(after !== undefined && { after }), ...(limit !== undefined && { limit }) }
      const events =
        operation.which === 'due' || operation.which === 'woken'
          ? await parked.due(name, { ...page, woken: operation.which === 'woken' })
          : await parked.list(name, { ...page, ...(operation.which === 'of a sequence' && { sequence: 'sequence 0' }) })
      const sequences = await parked.sequences(name)
      return () => ({ events: events.map(toldParked), sequences: [...sequences].sort() })
    }
    case 'decide parked': {
      const { decision, sequence, position } = operation
      const which = {
        ...(sequence !== undefined && { sequence: `sequence ${sequence}` }),
        ...(position !== undefined && { position }),
      }
      return silently(parked.decide(name, decision, which))
    }
    case 'edit parked':
      return silently(parked.edit(name, parkedName(operation.name), operation.data))
    case 'swap': {
      const { from, to, fails } = operation
      return silently(projections.swap(projection, { from, to }, effect(fails)))
    }
    case 'live version': {
      const live = await projections.live(projection)
      return () => live && { version: live.version, previous: live.previous }
    }
  }
}

const parkedName = ({ sequence, position, part }: ParkedName): ParkedEventName => ({
  sequence: `sequence ${sequence}`,
  position,
  part,
})

const newParked = ({ attempts, retry, ...name }: ParkedGiven) => ({
  ...parkedName(name),
  type: 'opened',
  stream: 'account-1',
  ...(attempts !== undefined && {
    failure: {
      attempts: Array.from({ length: attempts }, () => ({
        error: { message: 'it\'s "no"\u0000' },
        at: '2026-01-02T03:04:05.678Z',
      })),
    },
  }),
  ...(retry !== undefined && { retryIn: retry === 'now' ? 0 : milliseconds.long }),
})

const toldParked = ({ parkedAt: _, retryIn, ...event }: ParkedEvent) => ({
  ...event,
  retry: retryIn === undefined ? undefined : retryIn > 0 ? 'later' : 'now',
})

function toldHeartbeat({ lost, subscriptions }: HeartbeatAnswer, toldEpoch: Asked['toldEpoch']): object {
  return {
    lost: lost.map(toldEpoch),
    subscriptions: subscriptions.map(({ checkpoints, ...view }) => ({
      ...view,
      checkpoints: checkpoints.map((row) => toldEpoch({ ...row, leaseExpiresIn: (row.leaseExpiresIn ?? 0) > 0 })),
    })),
  }
}
