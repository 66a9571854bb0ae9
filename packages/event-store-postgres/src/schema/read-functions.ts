import { LINK_TYPE, OWN_SCHEMA_VERSION, TOMBSTONE_VERSION } from '@writ/event-store'
import { pinned } from './append-functions.js'
import type { SchemaName } from './schema-name.js'

/** What a statement selects of an event, in the order that `stored-row.ts` takes it in; all of it arrives as text. */
export const eventColumns = (alias: string) =>
  ['position', 'stream', 'version', 'id', 'type', 'schema_version', 'data', 'metadata']
    .map((column) => `${alias}.${column}`)
    .join(', ') +
  `, pg_catalog.array_to_string(${alias}.tags, e'\\x1e'), ` +
  `pg_catalog.floor(pg_catalog.date_part('epoch', ${alias}.created_at) operator(pg_catalog.*) 1000)::bigint`

export const eventRow = `returns table("position" bigint, stream text, version integer, id uuid, type text, schema_version smallint,
  data json, metadata json, tags text, created_at bigint)`

// What is visible may not be flushed yet. Whoever takes events out of the database waits for the flush: after the rows were read,
// and only when there are any, so that an idle poll writes nothing.
const barrier = (quoted: string) => `if found and _durable then perform ${quoted}.flush(); end if;`

/** Keeps Writ's own records out of what is read of the log. */
export const isEvent = (alias: string) => `${alias}.schema_version > ${OWN_SCHEMA_VERSION}`

// A deleted stream gives its tombstone, whatever is asked for. One statement looks at mark and events, so that both are of one moment.
const isRead = (quoted: string) => `
        e.version >= greatest(_from, (select m.first_version from ${quoted}.stream_marks m where m.stream = _stream))
        and e.version <= greatest(_up_to, (select m.first_version from ${quoted}.stream_marks m
          where m.stream = _stream and m.first_version = ${TOMBSTONE_VERSION}))`

export const readFunctions = ({ quoted: s }: SchemaName) => `
-- A message that stands for itself is flushed at once. Before version 17 only a commit is, and only commits wait for standbys to answer:
-- where some have to, what is flushed here may not be there, so that nothing is known without asking.
create function ${s}.flush() returns void language plpgsql as $$
begin
  if pg_catalog.current_setting('synchronous_standby_names') operator(pg_catalog.=) '' then
    if pg_catalog.pg_current_wal_flush_lsn() operator(pg_catalog.>=) pg_catalog.pg_current_wal_insert_lsn() then return; end if;
    if pg_catalog.current_setting('server_version_num')::pg_catalog.int4 operator(pg_catalog.>=) 170000 then
      perform pg_catalog.pg_logical_emit_message(false, 'writ', '', true);
      return;
    end if;
  end if;
  perform pg_catalog.set_config('synchronous_commit', 'on', true);
  perform pg_catalog.pg_logical_emit_message(true, 'writ', '');
end $$;

create function ${s}.read_log(_after bigint, _up_to bigint, _limit integer, _backwards boolean, _durable boolean)
${eventRow} language plpgsql rows 1000 ${pinned} as $$
begin
  if _backwards then
    return query select ${eventColumns('e')} from ${s}.events e
      where e.position > _after and e.position <= _up_to and ${isEvent('e')} order by e.position desc limit _limit;
  else
    return query select ${eventColumns('e')} from ${s}.events e
      where e.position > _after and e.position <= _up_to and ${isEvent('e')} order by e.position limit _limit;
  end if;
  ${barrier(s)}
end $$;

create function ${s}.read_stream(_stream text, _from integer, _up_to integer, _limit integer, _backwards boolean, _durable boolean)
${eventRow} language plpgsql rows 1000 ${pinned} as $$
begin
  if _backwards then
    return query select ${eventColumns('e')} from ${s}.events e
      where e.stream = _stream and ${isRead(s)} order by e.version desc limit _limit;
  else
    return query select ${eventColumns('e')} from ${s}.events e
      where e.stream = _stream and ${isRead(s)} order by e.version limit _limit;
  end if;
  ${barrier(s)}
end $$;

create function ${s}.read_at(_positions bigint[], _flushed bigint)
${eventRow} language plpgsql rows 1000 ${pinned} as $$
begin
  return query select ${eventColumns('e')}
    from unnest(_positions) with ordinality p(position, o)
      cross join lateral (select * from ${s}.events known where known.position = p.position offset 0) e
    where ${isEvent('e')} order by p.o;
  if found and (select max(p.position) from unnest(_positions) p(position)) > _flushed then perform ${s}.flush(); end if;
end $$;

-- Events and links, each by a look-up of its own: a plan by position would look through the log.
create function ${s}.find_events(_ids uuid[], _flushed bigint)
${eventRow} language plpgsql rows 100 ${pinned} as $$
begin
  return query select ${eventColumns('e')}
    from (select distinct u.id from unnest(_ids) u(id)) asked
      cross join lateral (select * from ${s}.events known where known.id = asked.id offset 0) e
    where ${isEvent('e')} or e.type = '${LINK_TYPE}' order by e.position;
  if exists (
    select from unnest(_ids) u(id)
    where (select e.position from ${s}.events e where e.id = u.id) > _flushed) then perform ${s}.flush(); end if;
end $$;

create function ${s}.head(_flushed bigint, out "position" bigint, out incarnation uuid) language plpgsql ${pinned} as $$
begin
  position := coalesce((select e.position from ${s}.events e order by e.position desc limit 1), 0);
  incarnation := (select i.incarnation from ${s}.store i);
  if position > _flushed then perform ${s}.flush(); end if;
end $$;

-- Of a moment, where that is given: how far the log had come, and what receipts_moment told.
create function ${s}.find_receipt(_command_id text, _position bigint, _moment bigint)
returns table(stream text, version integer, "position" bigint, body text, created_at bigint) language plpgsql rows 1 ${pinned} as $$
begin
  return query select r.stream, r.version, r.position, r.body, floor(date_part('epoch', r.created_at) * 1000)::bigint
    from ${s}.receipts r where r.command_id = _command_id and (_position is null
      or coalesce(r.log_end, r.position) < _position
      or coalesce(r.log_end, r.position) = _position and (r.log_end is null or extract(epoch from r.created_at) * 1000000 <= _moment));
  if found then perform ${s}.flush(); end if;
end $$;

-- Microseconds of the clock by which receipts are written: not before the last event's time.
create function ${s}.receipts_moment() returns bigint language plpgsql ${pinned} as $$
begin
  return extract(epoch from greatest(clock_timestamp(),
    (select e.created_at from ${s}.events e order by e.position desc limit 1))) * 1000000;
end $$;

create function ${s}.delete_receipts(_from tid, _up_to tid, _before timestamptz) returns bigint language plpgsql ${pinned} as $$
declare deleted bigint;
begin
  delete from ${s}.receipts r where r.ctid >= _from and r.ctid < _up_to and r.created_at < _before;
  get diagnostics deleted = row_count;
  return deleted;
end $$;
`
