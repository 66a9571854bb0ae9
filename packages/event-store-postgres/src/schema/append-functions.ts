import { TOMBSTONE_VERSION } from '@writ/event-store'
import { BLOCK } from './query-functions.js'
import type { SchemaName } from './schema-name.js'

/** Stands between texts that travel joined; no JSON text and no name can hold it. */
export const BETWEEN = '\u001f'
/** Stands between the tags of one event, or the types of one query item. */
export const WITHIN = '\u001e'

/** What became of each append of a batch, as the functions number it. */
export const Verdict = {
  accepted: 0,
  wrongVersion: 1,
  conditionFailed: 2,
  idConflict: 3,
  alreadyHandled: 4,
  repeated: 5,
  /** Nothing speaks against it, but against another one of those that are written all or none. */
  notWritten: 6,
  deleted: 7,
} as const

export const ANY_VERSION = -1
export const STREAM_EXISTS = -2

/** The first half of the key of each advisory lock: the letters of 'Writ'. */
export const LOCK_SPACE = 1466066292

// One lock per store, by the two-integer form: 'Writ' and the schema. Its holder numbers events; it is given back when they are
// visible, not when they are flushed. Taken by a statement of its own, so that the next one sees what the last holder wrote.
export const lock = ({ quoted }: SchemaName) =>
  `perform pg_advisory_xact_lock(${LOCK_SPACE}, '${quoted}'::regnamespace::oid::integer);`

// A plan that was made while a table was empty must not scan it when it has grown; and none is made anew for each batch.
export const pinned = `set search_path = pg_catalog, pg_temp set enable_seqscan = off set enable_bitmapscan = off
  set plan_cache_mode = force_generic_plan set jit = off`

/** When something was written, as a read tells it: whole milliseconds. */
const milliseconds = (time: string) => `floor(date_part('epoch', ${time}) * 1000)::bigint`

export const head = ({ quoted: s }: SchemaName) => `
  select e.position, e.created_at into base, latest from ${s}.events e order by e.position desc limit 1;
  base := coalesce(base, 0);
  -- Under the lock, so that time never runs back along the log.
  written_at := greatest(clock_timestamp(), latest);`

/** So many events of a condition's first tag are looked at before the search begins that is bounded in any case. */
const FIRST_FEW = 32

/** The append that fills a block indexes it. */
const indexWhenFull = ({ quoted: s }: SchemaName, head: string) =>
  `if base / ${BLOCK} <> (${head}) / ${BLOCK} then perform ${s}.index_types(${head}); end if;`

/** Whether events are there already: null when none is, else a repetition's version and position, or the event that conflicts. */
const repetition = ({ quoted: s }: SchemaName) => `
create function ${s}.repetition(_stream text, _ids uuid[], _types text[], _schema_versions integer[], _datas text[])
returns bigint[] language plpgsql ${pinned} as $$
declare known bigint; other bigint; first_position bigint; last_version bigint;
begin
  select min(u.o) into known from unnest(_ids) with ordinality u(id, o) where exists (select from ${s}.events e where e.id = u.id);
  if known is null then return null; end if;
  select e.position, e.version + cardinality(_ids) - 1 into first_position, last_version from ${s}.events e where e.id = _ids[1];
  select min(u.o) into other
  from unnest(_ids, _types, _schema_versions, _datas) with ordinality u(id, type, schema_version, data, o)
  where not exists (
    select from ${s}.events e
    where e.id = u.id and e.position = first_position + u.o - 1 and e.stream = _stream
      and e.type = u.type and e.schema_version = u.schema_version and e.data::text = u.data);
  if other is null then return array[${Verdict.repeated}, last_version, first_position + cardinality(_ids) - 1]; end if;
  if not exists (select from ${s}.events e where e.id = _ids[other]) then other := known; end if;
  return array[${Verdict.idConflict}, other, 0];
end $$;`

/**
 * The verdicts on appends that are written all or none, where not all were accepted: either all is there already, as one call wrote it,
 * or nothing is written, and a repetition among them is refused.
 */
const allOrNone = ({ quoted: s }: SchemaName) => `
create function ${s}.all_or_none(_counts integer[], _places bigint[], inout verdicts integer[], inout details bigint[])
language plpgsql ${pinned} as $$
begin
  if ${Verdict.repeated} = any(verdicts) and not exists (
    select from (
      select u.verdict, u.place - u.n <> lag(u.place) over (order by u.o) as stands_elsewhere
      from unnest(_counts, _places, verdicts) with ordinality u(n, place, verdict, o) where u.n > 0) v
    where v.verdict <> ${Verdict.repeated} or v.stands_elsewhere)
  then
    verdicts := array(select case u.n when 0 then ${Verdict.accepted} else u.verdict end
      from unnest(_counts, verdicts) with ordinality u(n, verdict, o) order by u.o);
    return;
  end if;
  details := array(select case u.verdict when ${Verdict.repeated} then 1 else u.detail end
    from unnest(verdicts, details) with ordinality u(verdict, detail, o) order by u.o);
  verdicts := array(select case u.verdict when ${Verdict.repeated} then ${Verdict.idConflict} when ${Verdict.accepted} then ${Verdict.notWritten} else u.verdict end
    from unnest(verdicts) with ordinality u(verdict, o) order by u.o);
end $$;`

/** Of a receipt whose command decided nothing: the position of its stream's last event before the append. */
const positionOfLast = ({ quoted: s }: SchemaName) =>
  `coalesce((select e.position from ${s}.events e where e.stream = _streams[u.append] and e.version = versions[u.append]), 0)`

const whetherKnown = ({ quoted: s }: SchemaName) =>
  `_check_ids := exists (select from unnest(_ids) u(id) where exists (select from ${s}.events e where e.id = u.id));`

/**
 * Checks each append by itself and writes those that nothing speaks against; a stream stands at most once in a batch.
 *
 * With \`_trust_new\` it does not look whether streams that are expected to be new are: that look-up is a quarter of an append's time.
 *
 * It returns \`{base, time}\` when all were accepted at the versions that they expect, else
 * \`{base, written, verdicts…, details…, places…, time}\`.
 */
const appendEvents = (schema: SchemaName) => `
create function ${schema.quoted}.append_events(
  _streams text[], _expected integer[], _counts integer[],
  _ids uuid[], _types text[], _schema_versions integer[], _datas text[], _metadatas text[], _tags text[],
  _condition_appends integer[], _condition_afters bigint[], _condition_tags text[], _condition_more_tags text[], _condition_types text[],
  _receipt_appends integer[], _receipt_ids text[], _receipt_events integer[], _receipt_bodies text[],
  _check_ids boolean, _together boolean default false, _trust_new boolean default false)
returns bigint[] language plpgsql ${pinned} as $$
declare
  base bigint; latest timestamptz; written_at timestamptz;
  versions integer[]; n integer := cardinality(_streams); written integer := 0; past integer := 0;
  counts integer[]; event_appends integer[]; event_steps integer[];
  verdicts integer[]; details bigint[]; places bigint[]; answer bigint[]; r record; is_usual boolean;
begin
  ${lock(schema)}
  if _check_ids then ${whetherKnown(schema)} end if;
  ${head(schema)}
  -- Every stream has a version 1: where one that is said to be new is not, unique versions refuse the batch. A deleted one may be without.
  _trust_new := _trust_new and (_counts is null or 0 <> all(_counts)) and _condition_appends is null and _receipt_ids is null
    and not exists (select from ${schema.quoted}.stream_marks m where m.first_version = ${TOMBSTONE_VERSION});
  if _trust_new and 0 = all(_expected) then
    versions := _expected;
  else
    -- Rows of a function come in their order.
    versions := array(select case when _trust_new and u.expected = 0 then 0
        else coalesce((select e.version from ${schema.quoted}.events e where e.stream = u.stream order by e.version desc limit 1), 0) end
      from unnest(_streams, _expected) u(stream, expected));
  end if;

  -- The usual case: one event each, everything as expected, and no command was handled before.
  is_usual := versions = _expected and _counts is null and _condition_appends is null and not _check_ids;
  if is_usual and _receipt_ids is not null then
    is_usual := not exists (
      select from unnest(_receipt_ids) u(id) where exists (select from ${schema.quoted}.receipts known where known.command_id = u.id));
  end if;
  if is_usual then
    -- Arrays that are unnested side by side are not written to a table of their own first, as they are in a from clause.
    insert into ${schema.quoted}.events (position, version, schema_version, id, stream, type, data, metadata, tags, created_at)
    select base + u.o, u.version + 1, u.schema_version, u.id, u.stream, u.type, u.data::json, u.metadata::json,
      string_to_array(nullif(u.tags, ''), e'\\x1e'), written_at
    from (select generate_series(1, n) as o, unnest(versions) as version, unnest(_schema_versions) as schema_version, unnest(_ids) as id,
        unnest(_streams) as stream, unnest(_types) as type, unnest(_datas) as data, unnest(_metadatas) as metadata, unnest(_tags) as tags) u;
    if _tags is not null then
      insert into ${schema.quoted}.tags (tag, position)
      select distinct t.tag, base + u.o
      from unnest(_tags) with ordinality u(tags, o), unnest(string_to_array(nullif(u.tags, ''), e'\\x1e')) t(tag);
    end if;
    if _receipt_ids is not null then
      insert into ${schema.quoted}.receipts (command_id, stream, version, position, log_end, body, created_at)
      select u.id, _streams[u.append], versions[u.append] + u.events,
        case when u.events > 0 then base + u.append else ${positionOfLast(schema)} end,
        case u.events when 0 then base + n end, u.body, written_at
      from unnest(_receipt_appends, _receipt_ids, _receipt_events, _receipt_bodies) u(append, id, events, body);
    end if;
    ${indexWhenFull(schema, 'base + n')}
    return array[base, ${milliseconds('written_at')}];
  end if;

  counts := coalesce(_counts, array_fill(1, array[n]));
  details := array_fill(0::bigint, array[n]);
  places := details;
  select array_agg(case
      when u.version = ${TOMBSTONE_VERSION} then ${Verdict.deleted}
      when u.expected = ${ANY_VERSION} or u.expected = u.version or (u.expected = ${STREAM_EXISTS} and u.version > 0)
      then ${Verdict.accepted} else ${Verdict.wrongVersion} end order by u.o)
  into verdicts from unnest(_expected, versions) with ordinality u(expected, version, o);
  for r in select u.i from unnest(verdicts) with ordinality u(verdict, i) where u.verdict = ${Verdict.wrongVersion} loop
    details[r.i] := versions[r.i];
  end loop;

  -- A receipt outranks a version: what was handled once is answered, wherever its stream stands now.
  if _receipt_ids is not null then
    for r in select distinct on (u.append) u.append as i, u.o
      from unnest(_receipt_appends, _receipt_ids) with ordinality u(append, id, o)
      where exists (select from ${schema.quoted}.receipts known where known.command_id = u.id) order by u.append, u.o
    loop
      verdicts[r.i] := ${Verdict.alreadyHandled};
      details[r.i] := r.o;
    end loop;
  end if;

  if _condition_appends is not null then
    for r in select c.append as i, min(m.position) as position
      from unnest(_condition_appends, _condition_afters, _condition_tags, _condition_more_tags, _condition_types) c(append, after, tag, more, types)
      cross join lateral (
        (select t.position from ${schema.quoted}.tags t
        where t.tag = c.tag and t.position > c.after and coalesce(c.more, '') = '' and coalesce(c.types, '') = ''
        order by t.position limit 1)
        union all
        -- Most tags are rare: their first few events decide, and the search for the rarest name begins behind them.
        select coalesce(f.found, case when f.seen = ${FIRST_FEW} then (select p.position from ${schema.quoted}.of_item_forwards(
          c.tag || string_to_array(nullif(c.more, ''), e'\\x1e'), string_to_array(nullif(c.types, ''), e'\\x1e'),
          f.reach, ${Number.MAX_SAFE_INTEGER}, 1) p(position)) end)
        from (select min(s.position) filter (where s.matches) as found, count(*) as seen, max(s.position) as reach
          from (select t.position, (coalesce(c.types, '') = ''
              or (select e.type from ${schema.quoted}.events e where e.position = t.position) = any(string_to_array(c.types, e'\\x1e')))
            and (select 1 from unnest(string_to_array(nullif(c.more, ''), e'\\x1e')) u(tag)
              where (select 1 from ${schema.quoted}.tags o where o.tag = u.tag and o.position = t.position) is null limit 1) is null as matches
            from ${schema.quoted}.tags t
            where t.tag = c.tag and t.position > c.after and (coalesce(c.more, '') <> '' or coalesce(c.types, '') <> '')
            order by t.position limit ${FIRST_FEW}) s) f
        union all
        select p.position from ${schema.quoted}.of_item_forwards(null, string_to_array(c.types, e'\\x1e'), c.after, ${Number.MAX_SAFE_INTEGER}, 1) p(position)
        where coalesce(c.tag, '') = ''
      ) m where m.position is not null group by c.append
    loop
      if verdicts[r.i] = ${Verdict.accepted} then
        verdicts[r.i] := ${Verdict.conditionFailed};
        places[r.i] := r.position;
      end if;
    end loop;
  end if;

  -- What is refused may be a repetition whose first answer was lost; that outranks everything. What is accepted can't be one
  -- unnoticed: unique ids would refuse the whole batch, which then comes again to be checked with care.
  if _together and ${Verdict.accepted} <> any(verdicts) then ${whetherKnown(schema)} end if;
  for i in 1..n loop
    if counts[i] > 0 and (_check_ids or verdicts[i] <> ${Verdict.accepted}) then
      answer := ${schema.quoted}.repetition(_streams[i], _ids[past + 1:past + counts[i]], _types[past + 1:past + counts[i]],
        _schema_versions[past + 1:past + counts[i]], _datas[past + 1:past + counts[i]]);
      if answer is not null then
        verdicts[i] := answer[1];
        details[i] := answer[2];
        places[i] := answer[3];
      end if;
    end if;
    past := past + counts[i];
  end loop;

  if _together and ${Verdict.accepted} <> any(verdicts) then
    select a.verdicts, a.details into verdicts, details from ${schema.quoted}.all_or_none(counts, places, verdicts, details) a;
    _receipt_ids := null;
    -- A repetition answers for streams without events of its own, too, that were deleted since.
    versions := array(select case when u.version < ${TOMBSTONE_VERSION} then u.version else coalesce((
        select e.version from ${schema.quoted}.events e where e.stream = u.stream and e.version < ${TOMBSTONE_VERSION}
        order by e.version desc limit 1), 0) end
      from unnest(versions, _streams) with ordinality u(version, stream, o) order by u.o);
  end if;

  select array_agg(u.o order by u.o, step), array_agg(step order by u.o, step) into event_appends, event_steps
  from unnest(counts) with ordinality u(n, o), generate_series(1, u.n) step;
  insert into ${schema.quoted}.events (position, version, schema_version, id, stream, type, data, metadata, tags, created_at)
  select base + row_number() over (order by u.o), versions[u.append] + u.step, u.schema_version, u.id, _streams[u.append], u.type,
    u.data::json, u.metadata::json, string_to_array(nullif(u.tags, ''), e'\\x1e'), written_at
  from unnest(event_appends, event_steps, _schema_versions, _ids, _types, _datas, _metadatas, _tags)
    with ordinality u(append, step, schema_version, id, type, data, metadata, tags, o)
  where verdicts[u.append] = ${Verdict.accepted};
  get diagnostics written = row_count;
  if _tags is not null then
    insert into ${schema.quoted}.tags (tag, position)
    select distinct t.tag, base + a.place
    from (select u.tags, row_number() over (order by u.o) as place
        from unnest(event_appends, _tags) with ordinality u(append, tags, o) where verdicts[u.append] = ${Verdict.accepted}) a,
      unnest(string_to_array(nullif(a.tags, ''), e'\\x1e')) t(tag);
  end if;

  ${indexWhenFull(schema, 'base + written')}

  select array_agg(v.detail order by v.o), array_agg(v.place order by v.o) into details, places from (
    select u.o,
      case u.verdict when ${Verdict.accepted} then u.version + u.n else u.detail end as detail,
      case when u.verdict <> ${Verdict.accepted} then u.place
        when u.n > 0 then base + sum(case u.verdict when ${Verdict.accepted} then u.n else 0 end) over (order by u.o)
        else coalesce((select e.position from ${schema.quoted}.events e where e.stream = u.stream and e.version = u.version), 0) end as place
    from unnest(verdicts, versions, counts, details, places, _streams) with ordinality u(verdict, version, n, detail, place, stream, o)) v;

  if _receipt_ids is not null then
    insert into ${schema.quoted}.receipts (command_id, stream, version, position, log_end, body, created_at)
    select u.id, _streams[u.append], versions[u.append] + u.events,
      case when u.events > 0 or counts[u.append] = 0 then places[u.append] - counts[u.append] + u.events
        else ${positionOfLast(schema)} end,
      case u.events when 0 then base + written end, u.body, written_at
    from unnest(_receipt_appends, _receipt_ids, _receipt_events, _receipt_bodies) u(append, id, events, body)
    where verdicts[u.append] = ${Verdict.accepted};
  end if;
  return array[base, written] || verdicts::bigint[] || details || places || ${milliseconds('written_at')};
end $$;`

/**
 * The same for a batch whose appends can meet one another (an id twice, a condition about another's events): in their order. Each has a time of
 * its own, and none is told.
 */
const appendOneByOne = ({ quoted: s }: SchemaName) => `
create function ${s}.append_one_by_one(
  _streams text[], _expected integer[], _counts integer[],
  _ids uuid[], _types text[], _schema_versions integer[], _datas text[], _metadatas text[], _tags text[],
  _condition_appends integer[], _condition_afters bigint[], _condition_tags text[], _condition_more_tags text[], _condition_types text[],
  _receipt_appends integer[], _receipt_ids text[], _receipt_events integer[], _receipt_bodies text[])
returns bigint[] language plpgsql ${pinned} as $$
declare
  past integer := 0; past_receipts integer := 0; n integer; c record; r record; part bigint[]; base bigint; written bigint := 0;
  verdicts bigint[]; details bigint[]; places bigint[];
begin
  for i in 1..cardinality(_streams) loop
    n := coalesce(_counts[i], 1);
    select array_agg(1) as appends, array_agg(u.after) as afters, array_agg(u.tag) as tags, array_agg(u.more) as more, array_agg(u.types) as types
    into c from unnest(_condition_appends, _condition_afters, _condition_tags, _condition_more_tags, _condition_types)
      u(append, after, tag, more, types) where u.append = i;
    select array_agg(1 order by u.o) as appends, array_agg(u.id order by u.o) as ids, array_agg(u.events order by u.o) as events,
      array_agg(u.body order by u.o) as bodies
    into r from unnest(_receipt_appends, _receipt_ids, _receipt_events, _receipt_bodies) with ordinality u(append, id, events, body, o)
      where u.append = i;
    part := ${s}.append_events(_streams[i:i], _expected[i:i], array[n],
      _ids[past + 1:past + n], _types[past + 1:past + n], _schema_versions[past + 1:past + n], _datas[past + 1:past + n],
      _metadatas[past + 1:past + n], _tags[past + 1:past + n],
      c.appends, c.afters, c.tags, c.more, c.types, r.appends, r.ids, r.events, r.bodies, true);
    base := coalesce(base, part[1]);
    written := written + part[2];
    verdicts := verdicts || part[3];
    details := details || case part[3] when ${Verdict.alreadyHandled} then part[4] + past_receipts else part[4] end;
    places := places || part[5];
    past := past + n;
    past_receipts := past_receipts + coalesce(cardinality(r.ids), 0);
  end loop;
  return array[base, written] || verdicts || details || places;
end $$;`

const appendEvent = (schema: SchemaName) => `
create function ${schema.quoted}.append_event(
  _stream text, _expected integer, _id uuid, _type text, _schema_version integer, _data text, _metadata text)
returns bigint[] language plpgsql ${pinned} as $$
declare stored_position bigint; stored_version integer; written_at timestamptz;
begin
  ${lock(schema)}
  insert into ${schema.quoted}.events (position, version, schema_version, id, stream, type, data, metadata, created_at)
  select coalesce(h.position, 0) + 1, coalesce(s.version, 0) + 1, _schema_version, _id, _stream, _type, _data::json, _metadata::json,
    greatest(clock_timestamp(), h.created_at)
  from (select) one
    left join (select e.position, e.created_at from ${schema.quoted}.events e order by e.position desc limit 1) h on true
    left join (select e.version from ${schema.quoted}.events e where e.stream = _stream order by e.version desc limit 1) s on true
  where _expected = coalesce(s.version, 0) or (_expected = ${ANY_VERSION} and coalesce(s.version, 0) < ${TOMBSTONE_VERSION})
    or (_expected = ${STREAM_EXISTS} and s.version < ${TOMBSTONE_VERSION})
  returning position, version, created_at into stored_position, stored_version, written_at;
  if found then
    if stored_position % ${BLOCK} = 0 then perform ${schema.quoted}.index_types(stored_position); end if;
    return array[stored_position - 1, 1, ${Verdict.accepted}, stored_version, stored_position, ${milliseconds('written_at')}];
  end if;
  return ${schema.quoted}.append_events(array[_stream], array[_expected], null, array[_id], array[_type], array[_schema_version], array[_data],
    array[_metadata], null, null, null, null, null, null, null, null, null, null, false);
end $$;`

// The commit makes the events visible and gives the lock back without waiting for the disk; the flush after it covers it, and only then
// does the call return. A procedure that commits can't pin settings, so the functions inside do.
const commitAndFlush = ({ quoted, channel }: SchemaName) => `
  if _notify and (pg_catalog.cardinality(result) = 2 or result[2] > 0) then perform pg_catalog.pg_notify('${channel}', ''); end if;
  commit;
  perform ${quoted}.flush();`

const notify = ({ quoted, channel }: SchemaName) => `
create function ${quoted}.notify() returns void language plpgsql as $$
begin
  set local synchronous_commit = off;
  perform pg_catalog.pg_notify('${channel}', '');
end $$;`

// Null on connections that were opened with a lock timeout.
export const waitNoLonger = `if _lock_timeout is not null then perform pg_catalog.set_config('lock_timeout', _lock_timeout, true); end if;`

const split = (texts: string) => `pg_catalog.string_to_array(${texts}, e'\\x1f')`

/** A batch as the client sends it: texts of one kind travel joined. */
export const batchParameters = `
  _streams text, _expected integer[], _counts integer[],
  _ids uuid[], _types text, _schema_versions integer[], _datas text, _metadatas text, _tags text,
  _condition_appends integer[], _condition_afters bigint[], _condition_tags text, _condition_more_tags text, _condition_types text,
  _receipt_appends integer[], _receipt_ids text, _receipt_events integer[], _receipt_bodies text`

export const batchVariables = `
  streams text[] := ${split('_streams')}; types text[] := ${split('_types')}; datas text[] := ${split('_datas')};
  metadatas text[] := ${split('_metadatas')}; tags text[] := ${split('_tags')};
  receipt_ids text[] := ${split('_receipt_ids')}; receipt_bodies text[] := ${split('_receipt_bodies')};
  n integer := pg_catalog.cardinality(_ids);`

// No JSON text holds the separator, so one that does is not JSON; it must not shift the others.
export const refuseSeparators = `
  if n > 0 and (pg_catalog.cardinality(datas) <> n or pg_catalog.cardinality(metadatas) <> n)
    or pg_catalog.cardinality(receipt_bodies) <> pg_catalog.cardinality(receipt_ids) then
    raise exception using errcode = 'invalid_text_representation', message = 'a text holds the separator';
  end if;`

/** The batch as the functions take it; also, in this order, what a row of staged appends holds. */
export const batchArguments = `streams, _expected, _counts, _ids, types, _schema_versions, datas, metadatas, tags,
      _condition_appends, _condition_afters, ${split('_condition_tags')}, ${split('_condition_more_tags')}, ${split('_condition_types')},
      _receipt_appends, receipt_ids, _receipt_events, receipt_bodies`

const procedures = (schema: SchemaName) => `
create procedure ${schema.quoted}.append_one(inout result bigint[],
  _stream text, _expected integer, _id uuid, _type text, _schema_version integer, _data text, _metadata text, _notify boolean, _lock_timeout text)
language plpgsql as $$
begin
  set local synchronous_commit = off;
  ${waitNoLonger}
  result := ${schema.quoted}.append_event(_stream, _expected, _id, _type, _schema_version, _data, _metadata);
  ${commitAndFlush(schema)}
end $$;

create procedure ${schema.quoted}.append_batch(inout result bigint[], ${batchParameters},
  _one_by_one boolean, _trust_new boolean, _notify boolean, _lock_timeout text)
language plpgsql as $$
declare ${batchVariables}
begin
  ${refuseSeparators}
  set local synchronous_commit = off;
  ${waitNoLonger}
  if _one_by_one then
    result := ${schema.quoted}.append_one_by_one(${batchArguments});
  else
    result := ${schema.quoted}.append_events(${batchArguments}, false, false, _trust_new);
  end if;
  ${commitAndFlush(schema)}
end $$;

create procedure ${schema.quoted}.append_together(inout result bigint[], ${batchParameters},
  _check_ids boolean, _notify boolean, _lock_timeout text)
language plpgsql as $$
declare ${batchVariables}
begin
  ${refuseSeparators}
  set local synchronous_commit = off;
  ${waitNoLonger}
  result := ${schema.quoted}.append_events(${batchArguments}, _check_ids, true);
  ${commitAndFlush(schema)}
end $$;`

export const appendFunctions = (schema: SchemaName) =>
  [repetition, allOrNone, appendEvents, appendOneByOne, appendEvent, procedures, notify].map((part) => part(schema)).join('\n')
