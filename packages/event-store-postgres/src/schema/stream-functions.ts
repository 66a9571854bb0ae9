import { MOST_NAMES_SEARCHED, OWN_SCHEMA_VERSION, TOMBSTONE_TYPE, TOMBSTONE_VERSION } from '@writ/event-store'
import { ANY_VERSION, head, LOCK_SPACE, lock, pinned, STREAM_EXISTS, Verdict } from './append-functions.js'
import type { SchemaName } from './schema-name.js'

/** What the functions raise where events are to be taken out of a store that was never opened with the permission. */
export const HARD_DELETES_OFF = 'WR001'

// A snapshot that is being saved and a delete of its stream wait for one another. The key is apart from that of the log's lock.
const snapshotLock = (mode: '' | '_shared', { quoted }: SchemaName) =>
  `perform pg_advisory_xact_lock${mode}(${LOCK_SPACE + 1}, hashtext('${quoted} ' || _stream));`

/** Of a stream: its version, 0 where it is absent, and its tombstone where it is deleted. */
const lastRecord = ({ quoted: s }: SchemaName) => `
  select e.version, e.position, e.created_at, e.data into last from ${s}.events e where e.stream = _stream order by e.version desc limit 1;
  is_deleted := last.version is not distinct from ${TOMBSTONE_VERSION};
  known := case when is_deleted then (last.data ->> 'version')::integer else coalesce(last.version, 0) end;
  is_gone := case when is_deleted then (last.data ->> 'hard')::boolean else false end;`

const info = (schema: SchemaName) => `
create function ${schema.quoted}.stream_info(_stream text)
returns table(version integer, first_version integer, deleted_at bigint, "position" bigint, data json, metadata json)
language plpgsql rows 1 ${pinned} as $$
begin
  return query select e.version, coalesce(m.first_version, 1), floor(date_part('epoch', e.created_at) * 1000)::bigint, e.position, e.data, e.metadata
    from ${schema.quoted}.events e left join ${schema.quoted}.stream_marks m on m.stream = e.stream
    where e.stream = _stream order by e.version desc limit 1;
  if found then perform ${schema.quoted}.flush(); end if;
end $$;`

/** From name to name by the index on streams and versions: a look-up for each, however many events a stream has. */
const list = ({ quoted: s }: SchemaName) => `
create function ${s}.list_streams(_category text, _prefix text, _search text, _reserved boolean, _after text, _limit integer)
returns table(stream text, version integer, first_version integer, deleted_at bigint, "position" bigint, data json, metadata json)
language plpgsql rows 100 ${pinned} as $$
declare
  beyond text collate "C" := _after; least text collate "C" := greatest(coalesce(_category, '') collate "C", _prefix collate "C");
  name text collate "C"; listed integer := 0;
begin
  for looked_at in 1..${MOST_NAMES_SEARCHED} loop
    loop
      select e.stream into name from ${s}.events e where e.stream > beyond and e.stream >= least order by e.stream, e.version limit 1;
      if not found or not starts_with(name, _prefix) or name >= _category || '.' then return; end if;
      -- What stands between is no part of the list, and is leapt over.
      if not _reserved and starts_with(name, '$') then least := '%';
      elsif name <> _category and name < _category || '-' then least := _category || '-';
      else exit;
      end if;
    end loop;
    beyond := name;
    if strpos(name, _search) > 0 or _search = '' then
      return query select name::text, i.* from ${s}.stream_info(name) i;
      listed := listed + 1;
      if listed = _limit then return; end if;
    end if;
  end loop;
  return query select name::text, null::integer, null::integer, null::bigint, null::bigint, null::json, null::json;
end $$;`

/**
 * Takes a stream's records up to a position out, with their tags; what came after it was looked at stands at later ones, and stays.
 * Nothing else gets past the triggers.
 */
const erase = ({ quoted: s, name }: SchemaName) => `
create function ${s}.erase(_stream text, _up_to bigint) returns void language plpgsql ${pinned} as $$
begin
  if not (select hard_deletes from ${s}.store) then
    raise exception using errcode = '${HARD_DELETES_OFF}', message = 'no store was opened here that may take events out';
  end if;
  perform set_config('writ.erasing', concat('${name.replaceAll("'", "''")}', ' ', pg_current_xact_id()), true);
  delete from ${s}.tags t
  using (select distinct g.tag, e.position from ${s}.events e, unnest(e.tags) g(tag)
    where e.stream = _stream and e.position <= _up_to) gone
  where t.tag = gone.tag and t.position = gone.position;
  delete from ${s}.events e where e.stream = _stream and e.position <= _up_to;
  perform set_config('writ.erasing', '', true);
end $$;`

/**
 * Ends a stream by a tombstone; the answer is \`{verdict, version, position}\`.
 *
 * Events are taken out before the lock is asked for, so that appends do not wait while a long stream goes; what came meanwhile goes
 * under it. Who was overtaken in between starts again (40001).
 */
const deleteStream = (schema: SchemaName) => `
create function ${schema.quoted}.delete_stream(_stream text, _expected integer, _hard boolean, _id uuid, _metadata text)
returns bigint[] language plpgsql ${pinned} as $$
declare
  last record; known integer; before integer; is_deleted boolean; was_deleted boolean; is_gone boolean;
  base bigint; latest timestamptz; written_at timestamptz; erased bigint := 0; erased_at timestamptz;
begin
  perform set_config('synchronous_commit', 'on', true);
  ${lastRecord(schema)}
  if is_gone or (is_deleted and not _hard) then return array[${Verdict.deleted}, known, 0]; end if;
  if not (_expected = ${ANY_VERSION} or _expected = known or (_expected = ${STREAM_EXISTS} and known > 0)) then
    return array[${Verdict.wrongVersion}, known, 0];
  end if;
  before := known;
  was_deleted := is_deleted;
  if _hard then
    erased := coalesce(last.position, 0);
    erased_at := last.created_at;
    perform ${schema.quoted}.erase(_stream, last.position);
  end if;
  ${lock(schema)}
  ${lastRecord(schema)}
  if last is null then
    -- All that there was is taken out already, by this very transaction; or there never was anything.
    known := before;
  else
    if is_deleted or (_hard and was_deleted) or (known <> before and _expected <> ${ANY_VERSION} and _expected <> ${STREAM_EXISTS}) then
      raise exception using errcode = 'serialization_failure', message = 'the stream has changed meanwhile';
    end if;
    if _hard then
      erased := greatest(erased, last.position);
      erased_at := greatest(erased_at, last.created_at);
      perform ${schema.quoted}.erase(_stream, last.position);
    end if;
  end if;
  ${head(schema)}
  -- What this transaction has taken out is not seen here any more, and its positions are not free all the same.
  insert into ${schema.quoted}.events (position, version, schema_version, id, stream, type, data, metadata, created_at)
  values (greatest(base, erased) + 1, ${TOMBSTONE_VERSION}, ${OWN_SCHEMA_VERSION}, _id, _stream, '${TOMBSTONE_TYPE}',
    json_build_object('version', known, 'hard', _hard), _metadata::json, greatest(written_at, erased_at));
  insert into ${schema.quoted}.stream_marks (stream, first_version) values (_stream, ${TOMBSTONE_VERSION})
  on conflict (stream) do update set first_version = excluded.first_version;
  if _hard then
    ${snapshotLock('', schema)}
    delete from ${schema.quoted}.snapshots n where n.stream = _stream;
  end if;
  return array[${Verdict.accepted}, known, greatest(base, erased) + 1];
end $$;`

/** Closes a stream's books; the answer is \`{verdict, version or mark}\`. The log's lock is not needed: a mark only moves forward. */
const truncateStream = (schema: SchemaName) => `
create function ${schema.quoted}.truncate_stream(_stream text, _before integer, _hard boolean)
returns bigint[] language plpgsql ${pinned} as $$
declare last record; known integer; is_deleted boolean; is_gone boolean; mark integer;
begin
  perform set_config('synchronous_commit', 'on', true);
  ${lastRecord(schema)}
  if is_deleted then return array[${Verdict.deleted}, known]; end if;
  if _before > known then return array[${Verdict.wrongVersion}, known]; end if;
  insert into ${schema.quoted}.stream_marks as m (stream, first_version) values (_stream, _before)
  on conflict (stream) do update set first_version = greatest(m.first_version, excluded.first_version)
  returning m.first_version into mark;
  if mark = ${TOMBSTONE_VERSION} then return array[${Verdict.deleted}, known]; end if;
  if _hard then
    perform ${schema.quoted}.erase(_stream, e.position - 1) from ${schema.quoted}.events e where e.stream = _stream and e.version = _before;
  end if;
  return array[${Verdict.accepted}, mark];
end $$;`

const saveSnapshot = (schema: SchemaName) => `
create function ${schema.quoted}.save_snapshot(_stream text, _schema_version integer, _version integer, _position bigint, _state text)
returns boolean language plpgsql ${pinned} as $$
begin
  ${snapshotLock('_shared', schema)}
  insert into ${schema.quoted}.snapshots as stored (stream, schema_version, version, position, state)
  select _stream, _schema_version, _version, _position, _state
  where not exists (select from ${schema.quoted}.stream_marks m where m.stream = _stream and m.first_version = ${TOMBSTONE_VERSION})
  on conflict (stream, schema_version)
    do update set version = excluded.version, position = excluded.position, state = excluded.state
    where stored.version < excluded.version;
  return found;
end $$;`

/** Looked at before it is written: who only runs may find it allowed already. */
const allowHardDeletes = ({ quoted: s }: SchemaName) => `
create function ${s}.allow_hard_deletes() returns void language plpgsql ${pinned} as $$
begin
  if not (select hard_deletes from ${s}.store) then update ${s}.store set hard_deletes = true; end if;
end $$;`

export const streamFunctions = (schema: SchemaName) =>
  [info, list, erase, deleteStream, truncateStream, saveSnapshot, allowHardDeletes].map((part) => part(schema)).join('\n')
