import type pg from 'pg'
import { SchemaTooNewError, SchemaTooOldError } from '../errors.js'
import { NEWEST_VERSION } from './migrations.js'
import type { SchemaName } from './schema-name.js'

/**
 * @returns 0 where the schema, or Writ's part of it, does not exist
 * @throws SchemaTooNewError
 */
export async function installedVersion(
  client: pg.ClientBase,
  { name, quoted }: SchemaName,
  newest = NEWEST_VERSION,
): Promise<number> {
  const { rows: found } = await client.query(
    `select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where n.nspname = $1 and c.relname = 'schema_versions'`,
    [name],
  )
  if (found.length === 0) return 0
  const { rows } = await client.query<{ version: number | null }>(`select max(version) as version from ${quoted}.schema_versions`)
  const version = rows[0]?.version ?? 0
  if (version > newest) throw new SchemaTooNewError(name, version, newest)
  return version
}

/** @throws SchemaTooOldError, SchemaTooNewError unless the schema is at this code's version */
export async function checkVersion(client: pg.ClientBase, schema: SchemaName): Promise<void> {
  const version = await installedVersion(client, schema)
  if (version < NEWEST_VERSION) throw new SchemaTooOldError(schema.name, version, NEWEST_VERSION)
}
