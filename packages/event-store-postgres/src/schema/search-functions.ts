import { pinned } from './append-functions.js'
import { eventColumns, eventRow, isEvent } from './read-functions.js'
import type { SchemaName } from './schema-name.js'

/** A category of up to so many events may be looked up by its streams, once for a whole read. */
export const MOST_LOOKED_UP = 20_000
/** To look one event up takes as long as to look through so many. */
const LOOKED_THROUGH_MEANWHILE = 12
/** So few are always looked up. */
const FEW_LOOKED_UP = 100

const split = (texts: string, by: string) => `string_to_array(nullif(${texts}, ''), e'${by}')`

// Some texts are JSON, and yet no text that PostgreSQL could take out of it: one such in the log must not make a read fail.
const correlationOf = ({ quoted: s }: SchemaName) => `
create function ${s}.correlation_of(_metadata json) returns text language sql immutable parallel safe as $$
  select (case when pg_catalog.strpos(_metadata::text, '\\u') operator(pg_catalog.>) 0
    then pg_catalog.regexp_replace(_metadata::text, '\\\\u(0000|[dD][89a-fA-F]..)', '\\ufffd', 'g')::json
    else _metadata end) operator(pg_catalog.->>) 'correlationId'
$$;`

// The streams of a category stand next to each other in the index: a dot comes after a dash. Set apart by `offset 0`, so that no
// other index seems to do.
const ofCategories = (quoted: string, columns: string) =>
  `(select found.* from (select distinct u.category from unnest(_categories) u(category)) c cross join lateral (
        select ${columns} from ${quoted}.events e where e.stream = c.category
        union all
        select ${columns} from ${quoted}.events e where e.stream >= c.category || '-' and e.stream < c.category || '.') found offset 0) e`

/**
 * Where the log ends, how many events categories have that are rare in a part of it (null for others), and where those stand, if no more
 * are to be told.
 */
const survey = ({ quoted: s }: SchemaName) => `
create function ${s}.survey(_categories text[], _correlation text, _after bigint, _up_to bigint, _told integer,
  out head bigint, out events bigint, out positions text)
language plpgsql ${pinned} as $$
declare most bigint;
begin
  head := coalesce((select e.position from ${s}.events e order by e.position desc limit 1), 0);
  if _categories is null then return; end if;
  most := least(${MOST_LOOKED_UP}, greatest(${FEW_LOOKED_UP}, (least(_up_to, head) - _after) / ${LOOKED_THROUGH_MEANWHILE}));
  select count(*) into events from (select from ${ofCategories(s, 'e.version')} limit most + 1) counted;
  if events > most then events := null; end if;
  if events <= _told then
    positions := coalesce((
      select string_agg(e.position::text, ',' order by e.position) from ${ofCategories(s, 'e.position, e.metadata, e.schema_version')}
      where e.position > _after and e.position <= least(_up_to, head) and ${isEvent('e')} and ${isCorrelated(s)}), '');
  end if;
end $$;`

const isInCategory = `(_categories is null or split_part(e.stream, '-', 1) = any(_categories))`
const isCorrelated = (quoted: string) => `(_correlation is null or ${quoted}.correlation_of(e.metadata) = _correlation)`

const bothWays = (text: (direction: 'forwards' | 'backwards', order: 'asc' | 'desc') => string) => `
    if _backwards then ${text('backwards', 'desc')}
    else ${text('forwards', 'asc')}
    end if;`

/** What matches a query and the filters: positions first, from indexes and in their order, then the events. */
const readMatching = ({ quoted: s }: SchemaName) => `
create function ${s}.read_matching(_tags text, _types text, _categories text[], _correlation text,
  _after bigint, _up_to bigint, _limit integer, _backwards boolean, _flushed bigint)
${eventRow} language plpgsql rows 1000 ${pinned} as $$
declare
  item_tags text[] := string_to_array(_tags, e'\\x1f'); item_types text[] := string_to_array(_types, e'\\x1f');
  remaining integer := _limit; asked integer; candidates bigint[]; found_here integer; newest bigint := 0;
begin
  loop
    asked := case when _categories is null and _correlation is null then remaining else greatest(remaining, 100) end;${bothWays(
      (direction, order) => `
      candidates := array(select distinct p.position
        from unnest(item_tags, item_types) i(tags, types),
          ${s}.of_item_${direction}(${split('i.tags', '\\x1e')}, ${split('i.types', '\\x1e')}, _after, _up_to, asked) p(position)
        order by p.position ${order} limit asked);`,
    )}
    return query select ${eventColumns('e')}
      from unnest(candidates) with ordinality p(position, o)
        cross join lateral (select * from ${s}.events known where known.position = p.position offset 0) e
      where ${isInCategory} and ${isCorrelated(s)} order by p.o limit remaining;
    get diagnostics found_here = row_count;
    if found_here > 0 then newest := greatest(newest, candidates[1], candidates[cardinality(candidates)]); end if;
    remaining := remaining - found_here;
    exit when remaining <= 0 or cardinality(candidates) < asked;
    if _backwards then _up_to := candidates[asked] - 1; else _after := candidates[asked]; end if;
  end loop;
  if newest > _flushed then perform ${s}.flush(); end if;
end $$;`

/** What passes the filters, without a query, by looking through a part of the log. */
const readFiltered = ({ quoted: s }: SchemaName) => `
create function ${s}.read_filtered(_categories text[], _correlation text,
  _after bigint, _up_to bigint, _limit integer, _backwards boolean, _flushed bigint)
${eventRow} language plpgsql rows 1000 ${pinned} as $$
begin
  if _correlation is not null then${bothWays(
    (_, order) => `
      return query select ${eventColumns('e')} from ${s}.events e
      where ${s}.correlation_of(e.metadata) = _correlation and e.position > _after and e.position <= _up_to
        and ${isEvent('e')} and ${isInCategory}
      order by e.position ${order} limit _limit;`,
  )}
  else${bothWays(
    (_, order) => `
      return query select ${eventColumns('e')} from ${s}.events e
      where e.position > _after and e.position <= _up_to and ${isEvent('e')} and split_part(e.stream, '-', 1) = any(_categories)
      order by e.position ${order} limit _limit;`,
  )}
  end if;
  if found and _up_to > _flushed then perform ${s}.flush(); end if;
end $$;`

/** The version of the first record of a stream that stands beyond a position, or one that is greater than all: positions grow along a stream. */
const versionBeyond = ({ quoted: s }: SchemaName) => `
create function ${s}.version_beyond(_stream text, _position bigint) returns bigint language plpgsql stable ${pinned} as $$
declare low bigint := 1; high bigint; middle bigint; e record;
begin
  select r.version, r.position into e from ${s}.events r where r.stream = _stream order by r.version desc limit 1;
  if e.version is null then return 1; end if;
  if e.position <= _position then return e.version::bigint + 1; end if;
  high := e.version;
  while low < high loop
    middle := (low + high) / 2;
    -- Versions may have gaps, where events were taken out.
    select r.version, r.position into e from ${s}.events r where r.stream = _stream and r.version >= middle order by r.version limit 1;
    if e.position <= _position then low := e.version::bigint + 1; else high := middle; end if;
  end loop;
  return high;
end $$;`

const isAsked = `(_tags is null or exists (
          select from unnest(string_to_array(_tags, e'\\x1f'), string_to_array(_types, e'\\x1f')) i(tags, types)
          where (coalesce(i.types, '') = '' or e.type = any(string_to_array(i.types, e'\\x1e')))
            and (coalesce(i.tags, '') = '' or e.tags @> string_to_array(i.tags, e'\\x1e'))))`

/** What of some streams passes a query and the filters: of each by its versions, positions first, then the events. */
const readOfStreams = ({ quoted: s }: SchemaName) => `
create function ${s}.read_of_streams(_streams text[], _tags text, _types text, _categories text[], _correlation text,
  _after bigint, _up_to bigint, _limit integer, _backwards boolean, _flushed bigint)
${eventRow} language plpgsql rows 1000 ${pinned} as $$
declare name text; first_version bigint; end_version bigint; candidates bigint[] := '{}';
begin
  for name in select distinct u.stream from unnest(_streams) u(stream) loop
    first_version := ${s}.version_beyond(name, _after);
    end_version := ${s}.version_beyond(name, _up_to);${bothWays(
      (_, order) => `
      candidates := candidates || array(select e.position from ${s}.events e
        where e.stream = name and e.version >= first_version and e.version < end_version
          and ${isEvent('e')} and ${isInCategory} and ${isCorrelated(s)} and ${isAsked}
        order by e.version ${order} limit _limit);`,
    )}
  end loop;${bothWays(
    (_, order) => `
    return query select ${eventColumns('e')}
      from (select c.position from unnest(candidates) c(position) order by c.position ${order} limit _limit) p
        cross join lateral (select * from ${s}.events known where known.position = p.position offset 0) e
      order by p.position ${order};`,
  )}
  if (select max(c.position) from unnest(candidates) c(position)) > _flushed then perform ${s}.flush(); end if;
end $$;`

export const searchFunctions = (schema: SchemaName) =>
  [correlationOf, survey, readMatching, readFiltered, versionBeyond, readOfStreams].map((part) => part(schema)).join('\n')
