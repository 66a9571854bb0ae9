import type pg from 'pg'
import { PostgresOptionError } from '../errors.js'
import { migratorsKey, takeMigratorsLock } from './migrators-lock.js'
import { ownObjects } from './own-objects.js'
import { quoteIdentifier, type SchemaName } from './schema-name.js'

/** What a store that runs may do with each table. Nothing that was written to the log can be changed, by no right of this list. */
export const rights: Readonly<Record<string, string>> = {
  schema_versions: 'select',
  store: 'select',
  events: 'select, insert',
  tags: 'select, insert',
  stream_marks: 'select, insert, update',
  type_blocks: 'select, insert',
  receipts: 'select, insert, delete',
  snapshots: 'select, insert, update, delete',
  subscriptions: 'select, insert, update, delete',
  subscription_partitions: 'select, insert, update, delete',
  subscription_members: 'select, insert, update, delete',
  epoch_floor: 'select, update',
  parked_events: 'select, insert, update, delete',
  projection_versions: 'select, insert, update, delete',
  staged_appends: 'select, insert, delete',
}

/**
 * Gives a role exactly the rights that running a store needs, and takes all others on its tables away.
 *
 * @throws PostgresOptionError for a role that is not there, or that owns the schema and so has all rights anyway
 */
export async function grantRights(client: pg.ClientBase, schema: SchemaName, role: string): Promise<void> {
  await checkRole(client, schema, role)
  const { quoted } = schema
  const to = quoteIdentifier(role)
  const { tables, routines } = ownObjects(schema)
  const { rows: signatures } = await client.query<{ routine: string }>(
    'select oid::regprocedure::text as routine from pg_catalog.pg_proc where pronamespace = $1::regnamespace and proname = any($2)',
    [quoted, routines],
  )
  const statements = [
    `revoke all on schema ${quoted} from ${to}`,
    `revoke all on ${tables.map((table) => `${quoted}.${table}`).join(', ')} from ${to}`,
    `grant usage on schema ${quoted} to ${to}`,
    ...tables.map((table) => `grant ${rights[table]} on ${quoted}.${table} to ${to}`),
    ...signatures.map(({ routine }) => `grant execute on routine ${routine} to ${to}`),
  ]
  await client.query('begin')
  try {
    await client.query(takeMigratorsLock, [migratorsKey(schema)])
    await client.query(statements.join('; '))
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  }
}

async function checkRole(client: pg.ClientBase, { quoted }: SchemaName, role: string): Promise<void> {
  const { rows } = await client.query<{ owns: boolean }>(
    `select pg_has_role(r.oid, c.relowner, 'usage') as owns from pg_catalog.pg_roles r, pg_catalog.pg_class c
      where r.rolname = $1 and c.oid = $2::regclass`,
    [role, `${quoted}.events`],
  )
  if (!rows[0]) throw new PostgresOptionError('grantTo', `names no role of this server: '${role}'; make it first`)
  if (rows[0].owns) {
    throw new PostgresOptionError(
      'grantTo',
      `names '${role}', which has all rights of the tables' owner: who runs the store must be another`,
    )
  }
}
