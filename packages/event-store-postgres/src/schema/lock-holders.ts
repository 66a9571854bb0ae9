import type pg from 'pg'
import type { LockHolder } from '../errors.js'
import { LOCK_SPACE } from './append-functions.js'
import { migratorsKey } from './migrators-lock.js'
import type { SchemaName } from './schema-name.js'

/** What keeps an append waiting; a migration waits for everyone who so much as reads. */
const blockingAppends = ['ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock']

/** Who holds what an append, or a migration, of this schema would have to wait for. */
export async function lockHolders(
  client: pg.ClientBase,
  schema: SchemaName,
  waiting: 'append' | 'migration',
): Promise<readonly LockHolder[]> {
  const { rows } = await client.query<LockHolder>(
    `select distinct l.pid, case
        when l.locktype = 'relation' then 'table ' || c.relname
        when l.objid = to_regnamespace($2)::oid then 'append lock' else 'migrators'' lock' end as lock
      from pg_catalog.pg_locks l left join pg_catalog.pg_class c on l.locktype = 'relation' and c.oid = l.relation
      where l.granted and l.pid <> pg_backend_pid() and l.database = (select oid from pg_catalog.pg_database where datname = current_database())
        and (l.locktype = 'advisory' and l.classid = ${LOCK_SPACE} and l.objsubid = 2
            and (l.objid = to_regnamespace($2)::oid or l.objid::bigint = hashtext($1)::bigint & 4294967295)
          or l.locktype = 'relation' and c.relkind in ('r', 'p') and c.relnamespace = to_regnamespace($2)::oid
            and ($3::text[] is null or l.mode = any($3)))
      order by 2, 1 limit 20`,
    [migratorsKey(schema), schema.quoted, waiting === 'append' ? blockingAppends : null],
  )
  return rows
}
