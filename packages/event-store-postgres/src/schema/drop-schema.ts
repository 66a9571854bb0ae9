import type pg from 'pg'
import { SchemaNotEmptyError } from '../errors.js'
import { installedVersion } from './installed-version.js'
import { migratorsKey, takeMigratorsLock } from './migrators-lock.js'
import { ownObjects } from './own-objects.js'
import type { SchemaName } from './schema-name.js'

/**
 * Drops a store and its schema in one transaction, and nothing that others made.
 *
 * @returns whether there was one
 * @throws SchemaNotEmptyError, SchemaTooNewError
 */
export async function dropSchema(client: pg.ClientBase, schema: SchemaName, lockTimeout: number): Promise<boolean> {
  const { name, quoted } = schema
  await client.query(`begin isolation level read committed; set local lock_timeout = ${lockTimeout}`)
  try {
    await client.query(takeMigratorsLock, [migratorsKey(schema)])
    const isThere = (await installedVersion(client, schema)) > 0
    if (isThere) {
      const { tables, routines } = ownObjects(schema)
      const foreign = await foreignObjects(client, name, tables, routines)
      if (foreign.length > 0) throw new SchemaNotEmptyError(name, foreign)
      const { rows } = await client.query<{ routine: string }>(
        `select oid::regprocedure::text as routine from pg_catalog.pg_proc where pronamespace = $1::regnamespace`,
        [quoted],
      )
      // Never cascading: a view of others that reads the store stops the drop. Triggers go with their tables, and before their functions.
      await client.query(`drop table ${tables.map((table) => `${quoted}.${table}`).join(', ')}`)
      for (const { routine } of rows) await client.query(`drop routine ${routine}`)
      await client.query(`drop schema ${quoted}`)
    }
    await client.query('commit')
    return isThere
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  }
}

async function foreignObjects(
  client: pg.ClientBase,
  schema: string,
  tables: readonly string[],
  routines: readonly string[],
): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select c.relname::text as name from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where n.nspname = $1 and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S', 'c') and c.relname <> all($2)
        and not exists (select from pg_catalog.pg_depend d where d.objid = c.oid and d.deptype in ('a', 'i'))
    union all
    select p.proname::text from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
      where n.nspname = $1 and p.proname <> all($3)
    union all
    select t.typname::text from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace
      where n.nspname = $1 and t.typtype in ('e', 'd') order by 1`,
    [schema, tables, routines],
  )
  return rows.map(({ name }) => name)
}
