import {
  checkName,
  checkSwap,
  type LiveVersion,
  type LiveVersions,
  ProjectionVersionConflictError,
  type ProjectionVersions,
  type VersionChange,
} from '@writ/event-store'
import type { Connections, Row, Statement } from './connections.js'
import { type EffectTimeouts, effectTransaction, READ_ONLY } from './effect-transaction.js'
import type { Ready } from './ready.js'
import type { SchemaName } from './schema/schema-name.js'
import type { SqlTransaction } from './sql.js'

/** Which version of each projection serves reads. */
export class PostgresProjections implements ProjectionVersions<SqlTransaction> {
  private readonly find: Statement

  constructor(
    private readonly connections: () => Connections,
    private readonly ready: Ready,
    private readonly schema: SchemaName,
    private readonly timeouts: EffectTimeouts,
  ) {
    this.find = {
      name: `${schema.statementPrefix}live_version`,
      text: `select version, previous, floor(date_part('epoch', since) * 1000)::bigint
        from ${schema.quoted}.projection_versions where name = $1`,
    }
  }

  async live(name: string): Promise<LiveVersion | undefined> {
    const operation = 'look up a projection'
    this.ready(operation)
    checkName('projections.live', 'name', name)
    const [row] = await this.connections().read(operation, this.find, [name])
    if (!row) return undefined
    const [version, previous, since] = row
    return {
      version: Number(version),
      previous: previous === null ? undefined : Number(previous),
      since: new Date(Number(since)),
    }
  }

  /** The row is locked first: of two who swap at the same time, the second one waits and is told of the first. */
  async swap(
    name: string,
    change: VersionChange,
    effect: (transaction: SqlTransaction) => Promise<void> = async () => {},
  ): Promise<void> {
    const operation = 'swap a projection'
    this.ready(operation)
    checkSwap(name, change)
    const { from, to } = change
    await effectTransaction(this.connections(), this.timeouts, {
      operation,
      first: (literal) => `select * from ${this.schema.quoted}.swap_projection(${literal(name)}, ${from ?? 'null'}, ${to})`,
      look: ([row]) => {
        const [isSwapped, live] = row!
        if (isSwapped !== 't') throw new ProjectionVersionConflictError(name, change, live === null ? undefined : Number(live))
      },
      effect,
    })
  }

  async read<T>(work: (transaction: SqlTransaction & LiveVersions) => Promise<T>): Promise<T> {
    const operation = 'read projections'
    this.ready(operation)
    const checkpoints = `select checkpoint from ${this.schema.quoted}.subscription_partitions where name = $1 order by partition`
    let live: ReadonlyMap<string, number> = new Map()
    return effectTransaction(this.connections(), this.timeouts, {
      operation,
      isolation: READ_ONLY,
      // There are few of them, and with the first message they cost no round trip. It also takes the snapshot.
      first: () => `select name, version from ${this.schema.quoted}.projection_versions`,
      look: (rows: readonly Row[]) => {
        live = new Map(rows.map(([name, version]) => [name!, Number(version)]))
      },
      effect: (transaction) => {
        const { client } = transaction
        const checkpointsOf = async (subscription: string) => {
          const { rows } = await this.connections().watched(client, () =>
            client.query<{ checkpoint: string }>(checkpoints, [subscription]),
          )
          return rows.map(({ checkpoint }) => Number(checkpoint))
        }
        return work({ ...transaction, liveVersion: async (name) => live.get(name), checkpointsOf })
      },
    })
  }
}
