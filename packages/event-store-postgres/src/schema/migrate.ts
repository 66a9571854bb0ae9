import type pg from 'pg'
import { SchemaTooNewError, UnsupportedServerError } from '../errors.js'
import { migrations, NEWEST_VERSION } from './migrations.js'
import type { SchemaName } from './schema-name.js'

const OLDEST_SERVER = 150_000

/** @throws UnsupportedServerError */
export async function checkServer(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ server: string; number: number; encoding: string }>(
    `select current_setting('server_version') as server, current_setting('server_version_num')::int as number,
      current_setting('server_encoding') as encoding`,
  )
  const { server, number, encoding } = rows[0]!
  if (number < OLDEST_SERVER) throw new UnsupportedServerError(`PostgreSQL ${server}`, 'PostgreSQL 15 or newer')
  if (encoding !== 'UTF8') throw new UnsupportedServerError(`a database in ${encoding}`, 'one in UTF8')
}

/**
 * Brings a schema to this code's version, in one transaction; one migrator at a time, the others wait and find it done.
 *
 * A schema that is there already needs no right to create any: who migrates and who runs may be two roles.
 *
 * @throws SchemaTooNewError
 */
export async function migrate(client: pg.ClientBase, schema: SchemaName): Promise<void> {
  if ((await installedVersion(client, schema)) === NEWEST_VERSION) return
  await client.query('begin isolation level read committed')
  try {
    await client.query(`select pg_advisory_xact_lock(1466066292, hashtext($1))`, [`migrate ${schema.name}`])
    const installed = await installedVersion(client, schema)
    if (installed === undefined) await createSchema(client, schema)
    for (const { version, name, sql } of migrations.slice(installed ?? 0)) {
      await client.query(sql(schema))
      await client.query(`insert into ${schema.quoted}.schema_versions (version, name) values ($1, $2)`, [version, name])
    }
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  }
}

/** Undefined where the schema, or Writ's part of it, does not exist. */
async function installedVersion(client: pg.ClientBase, { name, quoted }: SchemaName): Promise<number | undefined> {
  const { rows: found } = await client.query(
    `select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where n.nspname = $1 and c.relname = 'schema_versions'`,
    [name],
  )
  if (found.length === 0) return undefined
  const { rows } = await client.query<{ version: number | null }>(`select max(version) as version from ${quoted}.schema_versions`)
  const version = rows[0]?.version ?? 0
  if (version > NEWEST_VERSION) throw new SchemaTooNewError(name, version, NEWEST_VERSION)
  return version
}

async function createSchema(client: pg.ClientBase, { name, quoted }: SchemaName): Promise<void> {
  const { rows } = await client.query('select from pg_catalog.pg_namespace where nspname = $1', [name])
  if (rows.length === 0) await client.query(`create schema ${quoted}`)
  await client.query(
    `create table ${quoted}.schema_versions (
      version integer primary key, name text not null, installed_at timestamptz not null default clock_timestamp())`,
  )
}
