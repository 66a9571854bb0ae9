import type pg from 'pg'

/** Writ's events table, its columns and indexes, without its checks: for the limits that no store on this server can pass. */
export async function createEventsTable(pool: pg.Pool): Promise<void> {
  await pool.query(`
    create table events(
      position bigint generated always as identity primary key,
      version int not null,
      schema_version smallint not null,
      id uuid not null unique,
      stream text collate "C" not null,
      type text collate "C" not null,
      data json not null,
      metadata json not null,
      tags text[] collate "C",
      created_at timestamptz not null default clock_timestamp(),
      unique(stream, version))`)
}

/** What the statements give, in this order; the rest has defaults. */
export const eventColumns = 'version, schema_version, id, stream, type, data, metadata'
