import type pg from 'pg'

/** A table with the columns and indexes that any event store needs, for the limits that no store on this server can pass. */
export async function createEventsTable(pool: pg.Pool): Promise<void> {
  await pool.query(`
    create table events(
      position bigint generated always as identity primary key,
      stream_id text collate "C" not null,
      version int not null,
      event_id uuid not null,
      type text not null,
      data json not null,
      metadata json not null,
      created_at timestamptz not null default clock_timestamp(),
      unique(stream_id, version))`)
}

export const eventColumns = 'stream_id, version, event_id, type, data, metadata'
