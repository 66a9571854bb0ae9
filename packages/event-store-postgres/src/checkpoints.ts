import {
  type Acquisition,
  type Checkpoint,
  CheckpointBehindError,
  type Checkpoints,
  checkAcquisition,
  checkChanges,
  checkHeartbeat,
  checkMilliseconds,
  checkName,
  checkNewSubscription,
  checkPosition,
  checkReset,
  type Heartbeat,
  type HeartbeatAnswer,
  type Lease,
  LeaseLostError,
  type NewSubscription,
  type ParkingChanges,
  type PartitionName,
  UnknownSubscriptionError,
} from '@writ/event-store'
import { checkpointStatements } from './checkpoint-statements.js'
import type { Connections, Row, Statement, Values } from './connections.js'
import { type EffectTimeouts, effectTransaction } from './effect-transaction.js'
import { PostgresRefusedError } from './errors.js'
import { heartbeatAnswerOf, heartbeatValues } from './heartbeat.js'
import { encodeChanges } from './parked-events.js'
import type { Ready } from './ready.js'
import type { SchemaName } from './schema/schema-name.js'
import { NOT_ADVANCED } from './schema/subscription-functions.js'
import type { SqlTransaction } from './sql.js'

type Effect = (transaction: SqlTransaction) => Promise<void>

/**
 * Leases go by the database's clock alone. The fence is one condition, `owner and epoch are mine`, in the statement that moves the
 * checkpoint: where the effect is in the same transaction, it and the checkpoint take effect together or not at all.
 */
export class PostgresCheckpoints implements Checkpoints<SqlTransaction> {
  private readonly statements: ReturnType<typeof checkpointStatements>

  constructor(
    private readonly connections: () => Connections,
    private readonly ready: Ready,
    private readonly schema: SchemaName,
    private readonly timeouts: EffectTimeouts,
  ) {
    this.statements = checkpointStatements(schema)
  }

  async register(subscription: NewSubscription): Promise<void> {
    const { name, startAfter, partitions } = subscription
    this.ready('register a subscription')
    checkNewSubscription(subscription)
    await this.write('register a subscription', this.statements.register, [name, startAfter, partitions ?? null])
  }

  async acquire(name: PartitionName, owner: string, leaseMilliseconds: number): Promise<Acquisition> {
    const { subscription, partition } = name
    this.ready('acquire a lease')
    checkAcquisition(name, owner, leaseMilliseconds)
    const values = [subscription, partition, owner, leaseMilliseconds]
    const [row] = await this.write('acquire a lease', this.statements.acquire, values)
    return acquisitionOf(row!, name, owner)
  }

  async renew(lease: Lease, leaseMilliseconds: number): Promise<void> {
    this.ready('renew a lease')
    checkMilliseconds('checkpoints.renew', 'leaseMilliseconds', leaseMilliseconds)
    const rows = await this.write('renew a lease', this.statements.renew, [...nameOf(lease), leaseMilliseconds])
    if (rows.length === 0) throw new LeaseLostError(lease)
  }

  async release(lease: Lease): Promise<void> {
    this.ready('release a lease')
    await this.write('release a lease', this.statements.release, nameOf(lease))
  }

  async heartbeat(heartbeat: Heartbeat): Promise<HeartbeatAnswer> {
    this.ready('send a heartbeat')
    checkHeartbeat(heartbeat)
    const [row] = await this.write('send a heartbeat', this.statements.heartbeat, heartbeatValues(heartbeat))
    return heartbeatAnswerOf(row![0]!, heartbeat)
  }

  async leave(owner: string): Promise<void> {
    this.ready('leave')
    checkName('checkpoints.leave', 'owner', owner)
    await this.write('leave', this.statements.leave, [owner])
  }

  async advance(lease: Lease, position: number, given?: ParkingChanges): Promise<void> {
    const operation = 'advance a checkpoint'
    this.ready(operation)
    checkPosition('checkpoints.advance', 'position', position)
    const changes = checkChanges(given)
    const values = [...nameOf(lease), position]
    const rows = changes
      ? await this.write(operation, this.statements.advanceWithChanges, [...values, ...encodeChanges(changes)])
      : await this.write(operation, this.statements.advance, values)
    if (rows.length === 0) throw await this.whyNotAdvanced(lease, position)
  }

  async advanceWith(lease: Lease, position: number, effect: Effect, given?: ParkingChanges): Promise<void> {
    const operation = 'advance a checkpoint'
    this.ready(operation)
    checkPosition('checkpoints.advance', 'position', position)
    const changes = checkChanges(given)
    const { subscription, partition, owner, epoch } = lease
    const connections = this.connections()
    const { quoted } = this.schema
    try {
      await effectTransaction(connections, this.timeouts, {
        operation,
        // The row is not locked yet: whoever takes the lease over while the effect runs must not wait for it. The fence proper comes last.
        first: (literal) => `select owner, epoch, checkpoint, up_to from ${quoted}.subscription_partitions
          where name = ${literal(subscription)} and partition = ${Number(partition)}`,
        look: ([stored]) => refuseUnlessMine(lease, position, stored),
        effect,
        ...(changes && {
          behindEffect: (client) =>
            connections.run(client, this.statements.changeParked, [subscription, ...encodeChanges(changes)]),
        }),
        last: (literal) =>
          `select ${quoted}.advance_or_fail(${literal(subscription)}, ${Number(partition)}, ${literal(owner)}, ${Number(epoch)}, ${position})`,
      })
    } catch (error) {
      if (!(error instanceof PostgresRefusedError) || error.sqlState !== NOT_ADVANCED) throw error
      throw await this.whyNotAdvanced(lease, position)
    }
  }

  async pause(subscription: string): Promise<void> {
    await this.setPaused('pause', subscription, true)
  }

  async resume(subscription: string): Promise<void> {
    await this.setPaused('resume', subscription, false)
  }

  async reset(subscription: string, position: number, effect?: Effect): Promise<void> {
    this.ready('reset a subscription')
    checkReset(subscription, position)
    const call = (name: string) => `reset_subscription(${name}, ${position})`
    await this.change('reset a subscription', subscription, call, effect)
  }

  async delete(subscription: string, effect?: Effect): Promise<void> {
    this.ready('delete a subscription')
    checkName('checkpoints.delete', 'subscription', subscription)
    await this.change('delete a subscription', subscription, (name) => `delete_subscription(${name})`, effect)
  }

  async list(subscription?: string): Promise<readonly Checkpoint[]> {
    this.ready('list checkpoints')
    return (await this.connections().read('list checkpoints', this.statements.list, [subscription ?? null])).map(checkpointOf)
  }

  private async setPaused(operation: 'pause' | 'resume', subscription: string, isPaused: boolean): Promise<void> {
    this.ready(`${operation} a subscription`)
    checkName(`checkpoints.${operation}`, 'subscription', subscription)
    const rows = await this.write(`${operation} a subscription`, this.statements.pause, [subscription, isPaused])
    if (rows.length === 0) throw new UnknownSubscriptionError(subscription)
  }

  /** Whoever holds a lease is fenced before the effect runs: what it does, no page of theirs comes behind. */
  private async change(
    operation: string,
    subscription: string,
    call: (name: string) => string,
    effect: Effect = async () => {},
  ): Promise<void> {
    await effectTransaction(this.connections(), this.timeouts, {
      operation,
      first: (literal) => `select ${this.schema.quoted}.${call(literal(subscription))}`,
      look: ([row]) => {
        if (row?.[0] !== 't') throw new UnknownSubscriptionError(subscription)
      },
      effect,
    })
  }

  private async whyNotAdvanced(lease: Lease, position: number): Promise<Error> {
    const name = [lease.subscription, lease.partition]
    const [stored] = await this.connections().read('advance a checkpoint', this.statements.stored, name)
    try {
      refuseUnlessMine(lease, position, stored)
    } catch (error) {
      return error as Error
    }
    return new LeaseLostError(lease)
  }

  private write(operation: string, statement: Statement, values: Values): Promise<Row[]> {
    return this.connections().write(operation, statement, values)
  }
}

function refuseUnlessMine(lease: Lease, position: number, stored: Row | undefined): void {
  const [owner, epoch, checkpoint, upTo] = stored ?? []
  if (owner !== lease.owner || Number(epoch) !== lease.epoch) throw new LeaseLostError(lease)
  if (upTo !== null && Number(upTo) < position) throw new LeaseLostError(lease)
  if (Number(checkpoint) > position)
    throw new CheckpointBehindError(lease.subscription, lease.partition, Number(checkpoint), position)
}

const nameOf = ({ subscription, partition, owner, epoch }: Lease) => [subscription, partition, owner, epoch] as const

function acquisitionOf(row: Row, { subscription, partition }: PartitionName, owner: string): Acquisition {
  const [outcome, epoch, checkpoint, partitions, upTo, heldBy, expiresIn] = row
  switch (outcome) {
    case 'acquired': {
      const lease = { subscription, partition, owner, epoch: Number(epoch) }
      const barrier = upTo === null ? undefined : Number(upTo)
      return { acquired: true, lease, checkpoint: Number(checkpoint), partitions: Number(partitions), upTo: barrier }
    }
    case 'held':
      return { acquired: false, why: 'held', heldBy: heldBy!, expiresIn: Number(expiresIn) }
    case 'paused':
    case 'repartitioning':
    case 'no-such-partition':
      return { acquired: false, why: outcome }
    default:
      throw new UnknownSubscriptionError(subscription)
  }
}

function checkpointOf([name, partition, checkpoint, epoch, owner, expiresIn]: Row): Checkpoint {
  const isHeld = owner !== null && expiresIn !== null && Number(expiresIn) > 0
  return {
    subscription: name!,
    partition: Number(partition),
    checkpoint: Number(checkpoint),
    epoch: Number(epoch),
    owner: isHeld ? owner : undefined,
    leaseExpiresIn: isHeld ? Number(expiresIn) : undefined,
  }
}
