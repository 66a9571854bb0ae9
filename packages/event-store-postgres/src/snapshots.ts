import { checkSnapshot, type Snapshot, type Snapshots } from '@writ/event-store'
import type { Runs, Statement } from './connections.js'
import type { Ready } from './ready.js'
import type { SchemaName } from './schema/schema-name.js'

export class PostgresSnapshots implements Snapshots {
  private readonly statements: Record<'load' | 'save' | 'delete', Statement>

  constructor(
    private readonly connections: () => Runs,
    private readonly ready: Ready,
    { quoted: s, statementPrefix }: SchemaName,
  ) {
    const statement = (name: string, text: string) => ({ name: `${statementPrefix}${name}`, text })
    this.statements = {
      load: statement(
        'load_snapshot',
        `select version, position, state from ${s}.snapshots where stream = $1 and schema_version = $2`,
      ),
      save: statement('save_snapshot', `select ${s}.save_snapshot($1, $2, $3, $4, $5)`),
      delete: statement('delete_snapshots', `delete from ${s}.snapshots where stream = $1`),
    }
  }

  async load(stream: string, schemaVersion: number): Promise<Snapshot | undefined> {
    this.ready('load a snapshot')
    const [row] = await this.connections().read('load a snapshot', this.statements.load, [stream, schemaVersion])
    if (!row) return undefined
    return { stream, version: Number(row[0]), position: Number(row[1]), schemaVersion, state: row[2]! }
  }

  async save(snapshot: Snapshot): Promise<boolean> {
    const { stream, schemaVersion, version, position, state } = snapshot
    this.ready('save a snapshot')
    checkSnapshot(snapshot)
    const values = [stream, schemaVersion, version, position, state]
    const [row] = await this.connections().write('save a snapshot', this.statements.save, values)
    return row![0] === 't'
  }

  async delete(stream: string): Promise<void> {
    this.ready('delete snapshots')
    await this.connections().write('delete snapshots', this.statements.delete, [stream])
  }
}
