import type { ReadsWithin } from '@writ/event-store'
import type pg from 'pg'
import type { Row, Runs, RunsOn, Statement, Values } from '../connections.js'
import { translated } from '../postgres-failure.js'
import { DurableMark } from '../read/durable-mark.js'
import { headStatement } from '../read/head.js'
import { Reader } from '../read/reader.js'
import { PostgresReceipts } from '../receipts.js'
import type { RewindGuard } from '../rewind-guard.js'
import type { SchemaName } from '../schema/schema-name.js'
import { PostgresSnapshots } from '../snapshots.js'

export interface ReadsDependencies {
  readonly connections: RunsOn
  readonly schema: SchemaName
  readonly guard: RewindGuard
}

/**
 * The store's reads, all of them on the connection of a transaction.
 *
 * None of them waits for the disk: what the transaction writes is flushed after all that it has read, or is as if it had never been.
 */
export function readsWithin(client: pg.ClientBase, { connections, schema, guard }: ReadsDependencies): ReadsWithin {
  const read = async (operation: string, statement: Statement, values: Values): Promise<Row[]> => {
    try {
      return await connections.run(client, statement, values)
    } catch (error) {
      throw translated(error, operation, false)
    }
  }
  const own: Runs = {
    read,
    write: read,
    readMany: async (operation, statement, values, decode) => (await read(operation, statement, values)).map(decode),
  }
  // What is read here may not be flushed, so it says nothing to the marks that others go by.
  const reader = new Reader(own, schema, new DurableMark(), guard)
  const always = () => {}
  return {
    readStream: (stream, options) => reader.readStream(stream, { ...options, durable: false }),
    readAll: (options) => reader.readAll({ ...options, durable: false }),
    async head() {
      const [row] = await read('read the head', headStatement(schema), [null])
      return { position: Number(row![0]), incarnation: row![1]! }
    },
    receipts: new PostgresReceipts(() => own, always, schema),
    snapshots: new PostgresSnapshots(() => own, always, schema),
  }
}
