import {
  type Acquisition,
  type Checkpoint,
  CheckpointBehindError,
  type Checkpoints,
  checkAcquisition,
  checkMilliseconds,
  checkNewSubscription,
  checkPosition,
  type Lease,
  LeaseLostError,
  type NewSubscription,
  type PartitionName,
  StoreUnavailableError,
  UnknownSubscriptionError,
} from '@writ/event-store'
import type pg from 'pg'
import type { Connections, Row, Statement } from './connections.js'
import { failureOf, isStatementStale, translated } from './postgres-failure.js'
import type { Ready } from './ready.js'
import type { SchemaName } from './schema/schema-name.js'
import { type SqlTransaction, transactionSql } from './sql.js'

type Effect = (transaction: SqlTransaction) => Promise<void>

/**
 * Leases go by the database's clock alone. The fence is one condition, `owner and epoch are mine`, in the statement that moves the
 * checkpoint: where the effect is in the same transaction, it and the checkpoint take effect together or not at all.
 */
export class PostgresCheckpoints implements Checkpoints<SqlTransaction> {
  private readonly statements: ReturnType<typeof statementsOf>

  constructor(
    private readonly connections: () => Connections,
    private readonly ready: Ready,
    schema: SchemaName,
    private readonly timeouts: { readonly statementTimeout: number; readonly lockTimeout: number },
  ) {
    this.statements = statementsOf(schema)
  }

  async register(subscription: NewSubscription): Promise<void> {
    const { name, startAfter, partitions = 1 } = subscription
    this.ready('register a subscription')
    checkNewSubscription(subscription)
    await this.query('register a subscription', this.statements.register, [name, startAfter, partitions])
  }

  async acquire(name: PartitionName, owner: string, leaseMilliseconds: number): Promise<Acquisition> {
    const operation = 'acquire a lease'
    const { subscription, partition } = name
    this.ready(operation)
    checkAcquisition(name, owner, leaseMilliseconds)
    for (;;) {
      const [taken] = await this.query(operation, this.statements.acquire, [subscription, partition, owner, leaseMilliseconds])
      if (taken) {
        const lease = { subscription, partition, owner, epoch: Number(taken[0]) }
        return { acquired: true, lease, checkpoint: Number(taken[1]) }
      }
      const [held] = await this.query(operation, this.statements.holder, [subscription, partition])
      if (!held) throw new UnknownSubscriptionError(subscription, partition)
      // Given back between the two statements: try again.
      if (held[0] !== null && Number(held[1]) > 0) return { acquired: false, heldBy: held[0]!, expiresIn: Number(held[1]) }
    }
  }

  async renew(lease: Lease, leaseMilliseconds: number): Promise<void> {
    this.ready('renew a lease')
    checkMilliseconds('checkpoints.renew', 'leaseMilliseconds', leaseMilliseconds)
    const rows = await this.query('renew a lease', this.statements.renew, [...nameOf(lease), leaseMilliseconds])
    if (rows.length === 0) throw new LeaseLostError(lease)
  }

  async release(lease: Lease): Promise<void> {
    this.ready('release a lease')
    await this.query('release a lease', this.statements.release, nameOf(lease))
  }

  async advance(lease: Lease, position: number): Promise<void> {
    this.ready('advance a checkpoint')
    checkPosition('checkpoints.advance', 'position', position)
    const rows = await this.query('advance a checkpoint', this.statements.advance, [...nameOf(lease), position])
    if (rows.length === 0) throw await this.whyNotAdvanced(lease, position)
  }

  async advanceWith(lease: Lease, position: number, effect: Effect): Promise<void> {
    const operation = 'advance a checkpoint'
    this.ready(operation)
    checkPosition('checkpoints.advance', 'position', position)
    const connections = this.connections()
    const client = await connections.checkOut(operation)
    try {
      await this.inTransaction(client, lease, position, effect)
    } catch (error) {
      const isRolledBack = await this.rollBack(client)
      connections.giveBack(client, error, !isRolledBack || isStatementStale(error instanceof EffectFailed ? error.error : error))
      throw failureOfTransaction(error, operation, isRolledBack)
    }
    connections.giveBack(client)
  }

  async list(subscription?: string): Promise<readonly Checkpoint[]> {
    this.ready('list checkpoints')
    return (await this.connections().read('list checkpoints', this.statements.list, [subscription ?? null])).map(checkpointOf)
  }

  private async inTransaction(client: pg.PoolClient, lease: Lease, position: number, effect: Effect): Promise<void> {
    const connections = this.connections()
    const { statementTimeout, lockTimeout } = this.timeouts
    // A holder that froze must not keep its locks from the next one for ever.
    await connections.watched(client, () =>
      client.query(
        `begin isolation level read committed; set local idle_in_transaction_session_timeout = ${statementTimeout};
          set local lock_timeout = ${lockTimeout}`,
      ),
    )
    // The row is not locked yet: whoever takes the lease over while the effect runs must not wait for it. The fence proper comes last.
    const [stored] = await connections.run(client, this.statements.stored, nameOf(lease).slice(0, 2))
    refuseUnlessMine(lease, position, stored)
    const { sql, end } = transactionSql(connections, client)
    try {
      await effect({ sql, client })
    } catch (error) {
      throw new EffectFailed(error)
    } finally {
      end()
    }
    const [advanced] = await connections.run(client, this.statements.advance, [...nameOf(lease), position])
    if (!advanced) {
      const [now] = await connections.run(client, this.statements.stored, nameOf(lease).slice(0, 2))
      refuseUnlessMine(lease, position, now)
      throw new LeaseLostError(lease)
    }
    await connections.watched(client, () => client.query('commit'))
  }

  private async rollBack(client: pg.PoolClient): Promise<boolean> {
    try {
      await this.connections().watched(client, () => client.query('rollback'))
      return true
    } catch {
      // The connection is broken, and its server rolls back.
      return false
    }
  }

  private async whyNotAdvanced(lease: Lease, position: number): Promise<Error> {
    const [stored] = await this.query('advance a checkpoint', this.statements.stored, nameOf(lease).slice(0, 2))
    try {
      refuseUnlessMine(lease, position, stored)
    } catch (error) {
      return error as Error
    }
    return new LeaseLostError(lease)
  }

  private query(operation: string, statement: Statement, values: readonly (string | number | null)[]): Promise<Row[]> {
    return this.connections().write(operation, statement, values)
  }
}

class EffectFailed {
  constructor(readonly error: unknown) {}
}

/** What the effect threw is its caller's to understand, unless the connection was lost under it or the server gave up. */
function failureOfTransaction(error: unknown, operation: string, isRolledBack: boolean): unknown {
  if (!(error instanceof EffectFailed)) return translated(error, operation, true)
  const cause = error.error
  const { kind, sqlState } = failureOf(cause)
  const isOurs = !isRolledBack || (sqlState !== '' && kind !== 'refused')
  return isOurs ? new StoreUnavailableError('postgres', operation, false, cause) : cause
}

function refuseUnlessMine(lease: Lease, position: number, stored: Row | undefined): void {
  if (!stored || stored[0] !== lease.owner || Number(stored[1]) !== lease.epoch) throw new LeaseLostError(lease)
  const checkpoint = Number(stored[2])
  if (checkpoint > position) throw new CheckpointBehindError(lease.subscription, lease.partition, checkpoint, position)
}

const nameOf = ({ subscription, partition, owner, epoch }: Lease) => [subscription, partition, owner, epoch] as const

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

function statementsOf({ quoted: s, statementPrefix }: SchemaName) {
  const statement = (name: string, text: string): Statement => ({ name: `${statementPrefix}${name}`, text })
  const milliseconds = (parameter: string) => `clock_timestamp() + ${parameter}::double precision * interval '1 millisecond'`
  const expiresIn = `greatest(0, ceil(date_part('epoch', lease_until - clock_timestamp()) * 1000))::bigint`
  const mine = `name = $1 and partition = $2 and owner = $3 and epoch = $4`
  return {
    register: statement(
      'register',
      `insert into ${s}.subscriptions (name, partition, checkpoint)
        select $1, partition, $2::bigint from generate_series(0, $3::integer - 1) partition
        where not exists (select from ${s}.subscriptions where name = $1) on conflict do nothing`,
    ),
    acquire: statement(
      'acquire',
      `update ${s}.subscriptions set owner = $3, lease_until = ${milliseconds('$4')},
        epoch = case when owner is not distinct from $3 then epoch else epoch + 1 end
        where name = $1 and partition = $2 and (owner is null or owner = $3 or lease_until <= clock_timestamp()) returning epoch, checkpoint`,
    ),
    holder: statement('holder', `select owner, ${expiresIn} from ${s}.subscriptions where name = $1 and partition = $2`),
    renew: statement('renew', `update ${s}.subscriptions set lease_until = ${milliseconds('$5')} where ${mine} returning 1`),
    release: statement('release', `update ${s}.subscriptions set owner = null, lease_until = null where ${mine}`),
    advance: statement(
      'advance',
      `update ${s}.subscriptions set checkpoint = $5::bigint where ${mine} and checkpoint <= $5::bigint returning 1`,
    ),
    stored: statement('stored', `select owner, epoch, checkpoint from ${s}.subscriptions where name = $1 and partition = $2`),
    list: statement(
      'list',
      `select name, partition, checkpoint, epoch, owner, ${expiresIn} from ${s}.subscriptions
        where $1::text is null or name = $1 order by name, partition`,
    ),
  }
}
