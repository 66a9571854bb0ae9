import { OWN_SCHEMA_VERSION } from '@writ/event-store'
import type { SchemaName } from './schema-name.js'

/** So many positions make a block, whose events are indexed by their types when it is full. */
export const BLOCK = 512

/** How many blocks one append indexes, where some were left: more than one of 10,000 events fills. */
const MOST_BLOCKS = 32

/** How many entries of each list a search looks ahead, to find out which one is the sparsest: at first, and at most. */
const AHEAD = 32
const MOST_AHEAD = 1_024

// Written by one append of hundreds, and never needed at once: what is beyond the last full block is looked through.
const indexTypes = ({ quoted: s }: SchemaName) => `
create function ${s}.index_types(_head bigint, _most integer default ${MOST_BLOCKS}) returns void language plpgsql as $$
declare
  first_block bigint := coalesce((select b.block + 1 from ${s}.type_blocks b where b.type = '' order by b.block desc limit 1), 0);
  end_block bigint := least(_head / ${BLOCK}, first_block + _most);
begin
  if first_block >= end_block then return; end if;
  insert into ${s}.type_blocks (type, block, places)
  select e.type, e.block, array_agg(e.place)
  from (
    -- In their order already, which spares a sort by type.
    select type, (position - 1) / ${BLOCK} as block, ((position - 1) % ${BLOCK})::smallint as place from ${s}.events
    where position > first_block * ${BLOCK} and position <= end_block * ${BLOCK} and schema_version > ${OWN_SCHEMA_VERSION}
    order by position) e
  group by 1, 2;
  insert into ${s}.type_blocks (type, block, places) values ('', end_block - 1, '{}');
end $$;`

type Direction = 'forwards' | 'backwards'

const order = (direction: Direction) => (direction === 'forwards' ? 'asc' : 'desc')

/** What lies beyond the place that a search has come to. */
const beyond = (direction: Direction, column: string) =>
  `${column} ${direction === 'forwards' ? '>' : '<'} place and ${column} ${direction === 'forwards' ? '<=' : '>'} bound`

/** Positions are searched from \`place\`, which they lie beyond, to \`bound\`; the arguments are those of a read. */
const range = (direction: Direction) =>
  direction === 'forwards'
    ? 'place bigint := _after; bound bigint := _up_to;'
    : 'place bigint := _up_to + 1; bound bigint := _after;'

// Called by functions that have pinned the settings already, so that they need not do it again.
const inner = 'returns setof bigint language plpgsql stable rows 100 as $$'

/** The positions of events of one type, as far as they are indexed. */
const indexedOfType = ({ quoted: s }: SchemaName, direction: Direction) => `
create function ${s}.indexed_of_type_${direction}(_type text, _after bigint, _up_to bigint, _limit integer) ${inner}
declare ${range(direction)} remaining integer := _limit; found_here integer; b record;
begin
  for b in
    select i.block, i.places from ${s}.type_blocks i
    where i.type = _type and i.block >= _after / ${BLOCK} and i.block <= (_up_to - 1) / ${BLOCK} order by i.block ${order(direction)}
  loop
    -- Events may have been taken out since: each is looked up, in order and until there are enough.
    return query select p.position
      from (select o.position from (select b.block * ${BLOCK} + u.place + 1 as position from unnest(b.places) u(place)) o
        where ${beyond(direction, 'o.position')} order by o.position ${order(direction)} offset 0) p
      where (select e.type from ${s}.events e where e.position = p.position) = _type
      order by p.position ${order(direction)} limit remaining;
    get diagnostics found_here = row_count;
    remaining := remaining - found_here;
    exit when remaining <= 0;
  end loop;
end $$;`

/** The positions of events of any of some types: of the full blocks by their index, beyond those by looking through. */
const ofTypes = ({ quoted: s }: SchemaName, direction: Direction) => {
  const tail = `
  if _up_to > indexed then
    return query select e.position from ${s}.events e
      where e.position > greatest(_after, indexed) and e.position <= _up_to and e.type = any(_types) and e.schema_version > ${OWN_SCHEMA_VERSION}
      order by e.position ${order(direction)} limit remaining;
    get diagnostics found_here = row_count;
    remaining := remaining - found_here;
  end if;`
  const indexed = `
  if _after < indexed and remaining > 0 then
    return query select p.position
      from (select distinct t.type from unnest(_types) t(type)) t,
        ${s}.indexed_of_type_${direction}(t.type, _after, least(_up_to, indexed), remaining) p(position)
      order by p.position ${order(direction)} limit remaining;
    get diagnostics found_here = row_count;
    remaining := remaining - found_here;
  end if;`
  return `
create function ${s}.of_types_${direction}(_types text[], _after bigint, _up_to bigint, _limit integer) ${inner}
declare
  remaining integer := _limit; found_here integer;
  indexed bigint := coalesce((select b.block + 1 from ${s}.type_blocks b where b.type = '' order by b.block desc limit 1), 0) * ${BLOCK};
begin
  ${direction === 'forwards' ? indexed : tail}
  if remaining <= 0 then return; end if;
  ${direction === 'forwards' ? tail : indexed}
end $$;`
}

/**
 * The positions of events that match one item of a query.
 *
 * Of the tags, and the types together, one leads, and the others are asked about each of its positions: always the one that is the
 * sparsest just ahead. So a frequent one costs no more than a rare one beside it, and no plan depends on statistics.
 */
const ofItem = ({ quoted: s }: SchemaName, direction: Direction) => {
  // Look-ups by their keys, in a form that no planner turns into a join.
  const lacksAny = (position: string, but = '') => `(select 1 from unnest(_tags) u(tag)
          where (select 1 from ${s}.tags o where o.tag = u.tag and o.position = ${position}) is null${but} limit 1) is not null`
  const farthest = direction === 'forwards' ? 'max' : 'min'
  const [low, high] = direction === 'forwards' ? ['place', 'bound'] : ['bound', 'place - 1']
  const farther = direction === 'forwards' ? '>' : '<'
  return `
create function ${s}.of_item_${direction}(_tags text[], _types text[], _after bigint, _up_to bigint, _limit integer) ${inner}
declare
  ${range(direction)} remaining integer := _limit; found_here integer; ahead integer := ${AHEAD};
  leader text; reach bigint; types_reach bigint; types_ahead integer;
begin
  if _tags is null then
    return query select p.position from ${s}.of_types_${direction}(_types, _after, _up_to, _limit) p(position);
    return;
  end if;
  if _types is null and cardinality(_tags) = 1 then
    return query select t.position from ${s}.tags t
      where t.tag = _tags[1] and ${beyond(direction, 't.position')} order by t.position ${order(direction)} limit _limit;
    return;
  end if;
  loop
    -- The list that comes farthest with its next few is the sparsest; one that has no such number left leads to its end.
    select u.tag, r.position into leader, reach
    from unnest(_tags) u(tag) left join lateral (
      select t.position from ${s}.tags t where t.tag = u.tag and ${beyond(direction, 't.position')}
      order by t.position ${order(direction)} limit 1 offset ahead - 1) r on true
    order by r.position ${direction === 'forwards' ? 'desc nulls first' : 'asc nulls first'} limit 1;
    if reach is not null and _types is not null then
      select ${farthest}(p.position), count(*) into types_reach, types_ahead
      from ${s}.of_types_${direction}(_types, ${low}, ${high}, ahead) p(position);
      if types_ahead < ahead then
        leader := null;
        reach := null;
      elsif types_reach ${farther} reach then
        leader := null;
        reach := types_reach;
      end if;
    end if;
    if leader is null then
      return query select p.position from ${s}.of_types_${direction}(_types, ${low}, ${high}, ahead) p(position)
        where not ${lacksAny('p.position')}
        order by p.position ${order(direction)} limit remaining;
    else
      return query select t.position from ${s}.tags t
        where t.tag = leader and ${beyond(direction, 't.position')} and t.position ${direction === 'forwards' ? '<=' : '>='} coalesce(reach, bound)
          and not ${lacksAny('t.position', ' and u.tag <> leader')}
          and (_types is null or (select e.type from ${s}.events e where e.position = t.position) = any(_types))
        order by t.position ${order(direction)} limit remaining;
    end if;
    get diagnostics found_here = row_count;
    remaining := remaining - found_here;
    exit when remaining <= 0 or reach is null;
    place := reach;
    ahead := least(ahead * 4, ${MOST_AHEAD});
  end loop;
end $$;`
}

export const queryFunctions = (schema: SchemaName) =>
  [
    indexTypes(schema),
    ...(['forwards', 'backwards'] as const).flatMap((direction) => [
      indexedOfType(schema, direction),
      ofTypes(schema, direction),
      ofItem(schema, direction),
    ]),
  ].join('\n')
