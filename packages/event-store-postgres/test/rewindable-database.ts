import { type TestDatabase, testDatabase } from '@writ/build-tools'
import pg from 'pg'

interface RewindableDatabase extends TestDatabase {
  /** Takes away what came after a position, as a restored backup would, and cuts all connections that were made through it. */
  rewind(position: number): Promise<void>
}

export function rewindableDatabase(): RewindableDatabase {
  const database = testDatabase()
  const url = new URL(database.connectionString)
  url.searchParams.set('application_name', database.schema)
  return { ...database, connectionString: url.href, rewind: (position) => rewind(database, position) }
}

async function rewind({ connectionString, schema }: TestDatabase, position: number): Promise<void> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    await client.query(`begin;
      alter table ${schema}.events disable trigger user;
      alter table ${schema}.tags disable trigger user;
      delete from ${schema}.tags where position > ${position};
      delete from ${schema}.events where position > ${position};
      delete from ${schema}.stream_marks m where first_version = 2147483647
        and not exists (select from ${schema}.events e where e.stream = m.stream and e.version = 2147483647);
      delete from ${schema}.receipts where coalesce(log_end, position) > ${position};
      delete from ${schema}.snapshots where position > ${position};
      update ${schema}.subscriptions set barrier = least(barrier, ${position});
      update ${schema}.subscription_partitions set checkpoint = least(checkpoint, ${position}), up_to = least(up_to, ${position});
      delete from ${schema}.parked_events where position > ${position};
      alter table ${schema}.events enable trigger user;
      alter table ${schema}.tags enable trigger user;
      commit`)
    await client.query('select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1', [schema])
  } finally {
    await client.end()
  }
}
