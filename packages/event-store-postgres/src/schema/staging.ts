import { TOMBSTONE_VERSION } from '@writ/event-store'
import {
  batchArguments,
  batchParameters,
  batchVariables,
  pinned,
  refuseSeparators,
  Verdict,
  waitNoLonger,
} from './append-functions.js'
import { FOREIGN } from './hints.js'
import type { SchemaName } from './schema-name.js'

/** SQLSTATEs of Writ's own; what is to be known besides stands in the error's detail. */
export const SqlState = {
  /** The transaction is not one to append in; the detail is a {@link Unsuitable}. */
  unsuitable: 'WRIT1',
  /** An append was refused; the detail is a `Refused` as JSON. */
  refused: 'WRIT2',
  /** All of it is stored already; the detail is a `Repeated` as JSON. */
  repeated: 'WRIT3',
} as const

export const Unsuitable = { ended: 'ended', isolation: 'isolation' } as const

/** Set while a transaction of the store's own is open, to what only this transaction knows. */
export const TOKEN = 'writ.transaction'

/** How long a user's COMMIT waits for the lock, where the session says nothing. */
const LOCK_TIMEOUT = '5s'

// Rows live from their staging to the end of the same transaction, so nobody else ever sees one, and no crash can lose any: unlogged.
const table = ({ quoted: s }: SchemaName) => `
create unlogged table ${s}.staged_appends (
  id bigint generated always as identity primary key,
  at_commit boolean not null,
  streams text[] not null, expected integer[] not null, counts integer[],
  ids uuid[] not null, types text[] not null, schema_versions integer[] not null, datas text[] not null, metadatas text[] not null, tags text[],
  condition_appends integer[], condition_afters bigint[], condition_tags text[], condition_more_tags text[], condition_types text[],
  receipt_appends integer[], receipt_ids text[], receipt_events integer[], receipt_bodies text[]
);
alter table ${s}.staged_appends alter column datas set storage external, alter column metadatas set storage external;`

const columns = `streams, expected, counts, ids, types, schema_versions, datas, metadatas, tags,
  condition_appends, condition_afters, condition_tags, condition_more_tags, condition_types,
  receipt_appends, receipt_ids, receipt_events, receipt_bodies`

/** Hands a batch over without taking the lock: what is malformed is refused here, before anyone waits. */
const stageAppend = ({ quoted: s }: SchemaName) => `
create function ${s}.stage_append(${batchParameters}, _token text, out id bigint, out xid xid8)
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare ${batchVariables}
begin
  if current_setting('${TOKEN}', true) is distinct from _token and _token is not null then
    raise exception using errcode = '${SqlState.unsuitable}', message = 'the transaction has ended', detail = '${Unsuitable.ended}';
  end if;
  -- With an older snapshot than the lock's, the last position and the streams' versions would be those of the past.
  if current_setting('transaction_isolation') not in ('read committed', 'read uncommitted') then
    raise exception using errcode = '${SqlState.unsuitable}', message = 'the transaction is not READ COMMITTED', detail = '${Unsuitable.isolation}';
  end if;
  ${refuseSeparators}
  perform given::json from unnest(datas || metadatas) given;
  insert into ${s}.staged_appends as a (at_commit, ${columns})
  values (_token is null, ${batchArguments}) returning a.id into id;
  xid := pg_current_xact_id();
end $$;`

/** Raises what undoes the whole transaction: the first append that is refused, or that all of it is stored already. */
const raiseRefusal = ({ quoted: s }: SchemaName) => `
  declare refused integer; verdict bigint; detail bigint; past bigint;
  begin
    refused := (select min(i) from generate_series(1, n) i
      where answer[2 + i] not in (${Verdict.accepted}, ${Verdict.repeated}, ${Verdict.notWritten}));
    if refused is null then
      raise exception using errcode = '${SqlState.repeated}', message = 'all of it is stored already',
        detail = json_build_object('event', staged.ids[1],
          'stream', (select e.stream from ${s}.events e where e.id = staged.ids[1]),
          'versions', answer[3 + n:2 + 2 * n], 'positions', answer[3 + 2 * n:2 + 3 * n]);
    end if;
    verdict := answer[2 + refused];
    detail := answer[2 + n + refused];
    past := (select coalesce(sum(coalesce(staged.counts[i], 1)), 0) from generate_series(1, refused - 1) i);
    raise exception using errcode = '${SqlState.refused}', message = format('an append to %L was refused', staged.streams[refused]),
      detail = json_build_object('append', refused - 1, 'verdict', verdict,
        'detail', case verdict when ${Verdict.alreadyHandled}
          then detail - 1 - (select count(*) from unnest(staged.receipt_appends) append where append < refused) else detail end,
        'position', answer[2 + 2 * n + refused], 'stream', staged.streams[refused], 'expected', staged.expected[refused],
        'event', case verdict when ${Verdict.idConflict} then staged.ids[past + detail] end,
        'receipt', case verdict when ${Verdict.alreadyHandled} then (
          select json_build_object('commandId', r.command_id, 'stream', r.stream, 'version', r.version, 'position', r.position,
            'body', r.body, 'createdAt', floor(date_part('epoch', r.created_at) * 1000))
          from ${s}.receipts r where r.command_id = staged.receipt_ids[detail]) end,
        'tombstone', case verdict when ${Verdict.deleted} then (
          select json_build_object('data', e.data::text, 'metadata', e.metadata::text, 'position', e.position,
            'createdAt', floor(date_part('epoch', e.created_at) * 1000))
          from ${s}.events e where e.stream = staged.streams[refused] and e.version = ${TOMBSTONE_VERSION}) end);
  end;`

/** Writes what was handed over, or raises; it answers as \`append_events\` does at length. The lock is kept to the transaction's end. */
const appendStaged = (schema: SchemaName) => {
  const { quoted: s, channel } = schema
  return `
create function ${s}.append_staged(_id bigint, _durable boolean, _notify boolean, _lock_timeout text)
returns bigint[] language plpgsql ${pinned} as $$
declare staged ${s}.staged_appends; answer bigint[]; n integer;
begin
  delete from ${s}.staged_appends a where a.id = _id returning * into staged;
  if not found then return null; end if;
  ${waitNoLonger}
  -- Acknowledged means durable, whatever the session says; or its caller flushes when the lock is given back.
  if not _durable then perform set_config('synchronous_commit', 'off', true);
  elsif current_setting('synchronous_commit') = 'off' then perform set_config('synchronous_commit', 'on', true);
  end if;
  answer := ${s}.append_events(${columns.replaceAll(/(\w+)/g, 'staged.$1')}, true, true);
  n := cardinality(staged.streams);
  if cardinality(answer) = 2 then
    answer := array[answer[1], n] || array_fill(${Verdict.accepted}::bigint, array[n])
      || array(select expected + 1 from unnest(staged.expected) expected) || array(select answer[1] + i from generate_series(1, n) i)
      || answer[2];
  elsif ${Verdict.accepted} <> any(answer[3:2 + n]) then
    ${raiseRefusal(schema)}
  end if;
  -- Whoever appends by a connection of his own may share the pool with a store in this process, which must be told, too.
  if _notify then perform pg_notify('${channel}', case when _durable then '${FOREIGN}' else '' end); end if;
  return answer;
end $$;`
}

const trigger = ({ quoted: s }: SchemaName) => `
create function ${s}.append_at_commit() returns trigger language plpgsql as $$
begin
  perform ${s}.append_staged(new.id, true, true,
    case pg_catalog.current_setting('lock_timeout') when '0' then '${LOCK_TIMEOUT}' end);
  return null;
end $$;
create constraint trigger append_at_commit after insert on ${s}.staged_appends deferrable initially deferred
  for each row when (new.at_commit) execute function ${s}.append_at_commit();`

/** Whether a transaction whose end nobody heard of has written its events; null while its server process may still be at it. */
const outcomeOf = ({ quoted: s }: SchemaName) => `
create function ${s}.outcome_of(_xid xid8, _event uuid) returns boolean language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  begin
    if pg_xact_status(_xid) = 'in progress' then return null; end if;
  exception when invalid_parameter_value then
    -- Not begun here: this is another server, and the transaction ended with the one before.
  end;
  return exists (select from ${s}.events e where e.id = _event);
end $$;`

export const staging = (schema: SchemaName) =>
  [table, stageAppend, appendStaged, trigger, outcomeOf].map((part) => part(schema)).join('\n')
