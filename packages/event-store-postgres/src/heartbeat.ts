// A heartbeat as the server's function takes it, and its answer as JSON.

import type { Heartbeat, HeartbeatAnswer, SubscriptionView } from '@writ/event-store'
import { int4Array, int8Array } from './append/binary-array.js'
import type { Values } from './connections.js'

export function heartbeatValues({ owner, subscriptions, leases, leaseMilliseconds }: Heartbeat): Values {
  return [
    owner,
    leaseMilliseconds,
    textArray(subscriptions),
    textArray(leases.map(({ subscription }) => subscription)),
    int4Array(leases.map(({ partition }) => partition)),
    textArray(leases.map((lease) => lease.owner)),
    int8Array(leases.map(({ epoch }) => epoch)),
  ]
}

function textArray(texts: readonly string[]): string {
  return `{${texts.map((text) => `"${text.replaceAll(/["\\]/g, '\\$&')}"`).join(',')}}`
}

type PartitionRow = readonly [
  partition: number,
  checkpoint: number,
  epoch: number,
  owner: string | null,
  leaseExpiresIn: number | null,
]
type SubscriptionRow = readonly [
  name: string,
  partitions: number,
  members: readonly string[],
  isPaused: boolean,
  wanted: number | null,
  barrier: number | null,
  checkpoints: readonly PartitionRow[],
  parked: number,
]

export function heartbeatAnswerOf(text: string, { leases }: Heartbeat): HeartbeatAnswer {
  const [lost, subscriptions] = JSON.parse(text) as readonly [readonly number[], readonly SubscriptionRow[]]
  return { lost: lost.map((place) => leases[place]!), subscriptions: subscriptions.map(viewOf) }
}

function viewOf([name, partitions, members, isPaused, wanted, barrier, rows, parked]: SubscriptionRow): SubscriptionView {
  return {
    name,
    partitions,
    members,
    isPaused,
    change: wanted === null ? undefined : { to: wanted, upTo: barrier ?? undefined },
    checkpoints: rows.map(([partition, checkpoint, epoch, owner, leaseExpiresIn]) => ({
      subscription: name,
      partition,
      checkpoint,
      epoch,
      owner: owner ?? undefined,
      leaseExpiresIn: leaseExpiresIn ?? undefined,
    })),
    parked,
  }
}
