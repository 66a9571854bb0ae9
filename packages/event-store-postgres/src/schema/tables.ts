import { TOMBSTONE_VERSION } from '@writ/event-store'
import type { SchemaName } from './schema-name.js'

// Payloads are json, not jsonb: the exact text comes back, and nothing is parsed twice. Names compare by bytes, whatever the
// database's collation. There is no table of streams and no counter: unique(stream, version) and the primary key answer both.
export const tables = ({ quoted: s }: SchemaName) => `
create table ${s}.store (
  only_row boolean primary key default true check (only_row),
  incarnation uuid not null default gen_random_uuid(),
  created_at timestamptz not null default clock_timestamp(),
  -- Whether events may be taken out; a process that is allowed to says so when it starts.
  hard_deletes boolean not null default false
);
insert into ${s}.store default values;

create table ${s}.events (
  position bigint not null,
  version integer not null check (version > 0),
  schema_version smallint not null,
  id uuid not null,
  stream text collate "C" not null,
  type text collate "C" not null,
  data json not null,
  metadata json not null,
  tags text[] collate "C",
  created_at timestamptz not null,
  constraint events_position primary key (position),
  constraint events_stream_version unique (stream, version),
  constraint events_id unique (id)
);

create table ${s}.tags (
  tag text collate "C" not null,
  position bigint not null,
  constraint tags_tag_position primary key (tag, position)
);

-- Streams that are not read from their first version on. One that is deleted is read from its tombstone on.
create table ${s}.stream_marks (
  stream text collate "C" not null,
  first_version integer not null check (first_version > 0),
  constraint stream_marks_stream primary key (stream)
);
create index stream_marks_deleted on ${s}.stream_marks (first_version) where first_version = ${TOMBSTONE_VERSION};

-- The events of a full block by their types: their places in it, from 0. The type '' tells which block was the last.
create table ${s}.type_blocks (
  type text collate "C" not null,
  block bigint not null,
  places smallint[] not null,
  constraint type_blocks_type_block primary key (type, block)
);

create table ${s}.receipts (
  command_id text collate "C" not null,
  stream text collate "C" not null,
  version integer not null,
  position bigint not null,
  -- Where the log ended when it was written; null where the command's own events tell it.
  log_end bigint,
  body text not null,
  created_at timestamptz not null,
  constraint receipts_command_id primary key (command_id)
);

create table ${s}.snapshots (
  stream text collate "C" not null,
  schema_version integer not null,
  version integer not null,
  position bigint not null,
  state text not null,
  constraint snapshots_stream primary key (stream, schema_version)
);

-- Lets nothing through but the deletes of erase(): they name their own transaction, in a store that allows them.
create function ${s}.refuse_change() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' and pg_catalog.current_setting('writ.erasing', true)
      operator(pg_catalog.=) pg_catalog.concat(tg_table_schema, ' ', pg_catalog.pg_current_xact_id())
    and exists (select from ${s}.store where hard_deletes) then return null; end if;
  raise exception '% of %.% refused: what is written stays', tg_op, tg_table_schema, tg_table_name
    using errcode = 'restrict_violation', hint = 'Events are corrected by further events.';
end $$;
create trigger append_only before update or delete or truncate on ${s}.events for each statement execute function ${s}.refuse_change();
create trigger append_only before update or delete or truncate on ${s}.tags for each statement execute function ${s}.refuse_change();
create trigger append_only before update or delete or truncate on ${s}.type_blocks for each statement execute function ${s}.refuse_change();
`
