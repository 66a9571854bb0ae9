import { MOST_COUNTED } from '@writ/event-store'
import { pinned } from './append-functions.js'
import { tellSteered } from './hints.js'
import type { SchemaName } from './schema-name.js'

/** What `advance_or_fail` raises where the lease is lost or the checkpoint would move back. */
export const NOT_ADVANCED = 'WR002'

const until = (milliseconds: string) => `clock_timestamp() + ${milliseconds} * interval '1 millisecond'`
/** Milliseconds until a time, 0 where it has passed. */
export const millisecondsUntil = (time: string) =>
  `greatest(0, ceil(date_part('epoch', ${time} - clock_timestamp()) * 1000))::bigint`
const isHeld = 'p.owner is not null and p.lease_until > clock_timestamp()'

/** Each statement sees what was committed before it: what the first one waited for, the second one finds. */
const register = (schema: SchemaName) => {
  const { quoted: s } = schema
  return `
create function ${s}.register_subscription(_name text, _start_after bigint, _partitions integer) returns void language plpgsql ${pinned} as $$
begin
  loop
    insert into ${s}.subscriptions (name, partitions) values (_name, coalesce(_partitions, 1)) on conflict do nothing;
    if found then
      insert into ${s}.subscription_partitions (name, partition, checkpoint, epoch)
      select _name, g.partition, _start_after, (select f.epoch from ${s}.epoch_floor f)
      from generate_series(0, coalesce(_partitions, 1) - 1) g(partition);
      return;
    end if;
    update ${s}.subscriptions b set wanted = case when b.partitions = _partitions and b.barrier is null then null else _partitions end
    where b.name = _name and _partitions <> coalesce(b.wanted, b.partitions);
    if found then perform ${tellSteered(schema, '_name')}; end if;
    -- It may have been deleted in between.
    exit when exists (select from ${s}.subscriptions b where b.name = _name);
  end loop;
end $$;`
}

/** New partitions, as many as were wished for, which all begin at a position. The caller has locked the subscription. */
const replacePartitions = ({ quoted: s }: SchemaName) => `
create function ${s}.replace_partitions(_name text, _position bigint) returns void language plpgsql ${pinned} as $$
declare last_epoch bigint;
begin
  perform from ${s}.subscription_partitions p where p.name = _name order by p.partition for update;
  select max(p.epoch) into last_epoch from ${s}.subscription_partitions p where p.name = _name;
  delete from ${s}.subscription_partitions p where p.name = _name;
  update ${s}.subscriptions b set partitions = coalesce(b.wanted, b.partitions), wanted = null, barrier = null where b.name = _name;
  insert into ${s}.subscription_partitions (name, partition, checkpoint, epoch)
  select _name, g.partition, _position, last_epoch + 1
  from ${s}.subscriptions b, generate_series(0, b.partitions - 1) g(partition) where b.name = _name;
end $$;`

/**
 * The steps of a change of the number of partitions that nothing stands in the way of.
 *
 * It waits for nobody who holds the subscription's row, so that no two of those who lock several of them wait for each other.
 */
const takeStepsDue = ({ quoted: s }: SchemaName) => `
create function ${s}.take_steps_due(_name text) returns void language plpgsql ${pinned} as $$
declare subscription record; top bigint; bottom bigint;
begin
  if exists (select from ${s}.subscription_partitions p where p.name = _name and ${isHeld}) then return; end if;
  select b.* into subscription from ${s}.subscriptions b where b.name = _name and b.wanted is not null for update skip locked;
  if not found then return; end if;
  -- An owner whose time is up may be moving its checkpoint all the same, or renewing its lease.
  perform from ${s}.subscription_partitions p where p.name = _name order by p.partition for update;
  if exists (select from ${s}.subscription_partitions p where p.name = _name and ${isHeld}) then return; end if;
  select coalesce(subscription.barrier, max(p.checkpoint)), min(p.checkpoint) into top, bottom
  from ${s}.subscription_partitions p where p.name = _name;
  if top = bottom then
    perform ${s}.replace_partitions(_name, top);
  else
    update ${s}.subscriptions b set barrier = top where b.name = _name and b.barrier is null;
    update ${s}.subscription_partitions p set owner = null, lease_until = null, up_to = top
    where p.name = _name and (p.owner is not null or p.up_to is null);
  end if;
end $$;`

/** Answers who is denied without a lock: many ask again and again for what another holds. */
const acquire = ({ quoted: s }: SchemaName) => `
create function ${s}.acquire_lease(_name text, _partition integer, _owner text, _milliseconds double precision,
  out outcome text, out epoch bigint, out checkpoint bigint, out partitions integer, out up_to bigint, out held_by text, out expires_in bigint)
language plpgsql ${pinned} as $$
declare b record; p record;
begin
  perform ${s}.take_steps_due(c.name) from ${s}.subscriptions c where c.name = _name and c.wanted is not null;
  for is_locked in 0..1 loop
    if is_locked = 0 then
      select c.* into b from ${s}.subscriptions c where c.name = _name;
    else
      -- Against a change of the number of partitions, a pause or a reset that begins at the same time.
      select c.* into b from ${s}.subscriptions c where c.name = _name for share;
    end if;
    outcome := case when b.name is null then 'unknown' when b.is_paused then 'paused'
      when b.wanted is not null and b.barrier is null then 'repartitioning' end;
    if outcome is not null then return; end if;
    if is_locked = 0 then
      select c.* into p from ${s}.subscription_partitions c where c.name = _name and c.partition = _partition;
    else
      select c.* into p from ${s}.subscription_partitions c where c.name = _name and c.partition = _partition for update;
    end if;
    outcome := case when b.wanted is not null and (p.name is null or p.checkpoint >= b.barrier) then 'repartitioning'
      when p.name is null then 'no-such-partition' end;
    if outcome is not null then return; end if;
    if p.owner <> _owner and p.lease_until > clock_timestamp() then
      outcome := 'held';
      held_by := p.owner;
      expires_in := ${millisecondsUntil('p.lease_until')};
      return;
    end if;
  end loop;
  update ${s}.subscription_partitions c set owner = _owner, lease_until = ${until('_milliseconds')},
    epoch = case when c.owner is not distinct from _owner then c.epoch else c.epoch + 1 end
  where c.name = _name and c.partition = _partition returning c.epoch into epoch;
  outcome := 'acquired';
  checkpoint := p.checkpoint;
  partitions := b.partitions;
  up_to := b.barrier;
end $$;`

/** The fence, for a message that goes on with the commit. */
const advanceOrFail = ({ quoted: s }: SchemaName) => `
create function ${s}.advance_or_fail(_name text, _partition integer, _owner text, _epoch bigint, _position bigint)
returns void language plpgsql ${pinned} as $$
begin
  update ${s}.subscription_partitions p set checkpoint = _position
  where p.name = _name and p.partition = _partition and p.owner = _owner and p.epoch = _epoch
    and p.checkpoint <= _position and (p.up_to is null or p.up_to >= _position);
  if not found then
    raise exception using errcode = '${NOT_ADVANCED}', message = 'the lease is lost, or the checkpoint is beyond that position';
  end if;
end $$;`

/**
 * Everything that a process says and asks every now and then. Members and partitions are locked in the order of their names, and a
 * member's row only by itself: so heartbeats of several processes never wait for each other in a circle.
 *
 * @returns JSON: the places of the leases that are lost, and the subscriptions
 */
const heartbeat = ({ quoted: s }: SchemaName) => `
create function ${s}.heartbeat(_owner text, _milliseconds double precision, _subscriptions text[],
  _names text[], _partitions integer[], _owners text[], _epochs bigint[]) returns json language plpgsql ${pinned} as $$
declare ends timestamptz := ${until('_milliseconds')}; lost json; views json;
begin
  perform ${s}.take_steps_due(b.name)
  from (select c.name from ${s}.subscriptions c where c.name = any(_subscriptions) and c.wanted is not null order by c.name) b;
  insert into ${s}.subscription_members as m (name, owner, since, until)
  select b.name, _owner, clock_timestamp(), ends from ${s}.subscriptions b where b.name = any(_subscriptions) order by b.name
  on conflict (name, owner) do update
  set until = excluded.until, since = case when m.until < clock_timestamp() then excluded.since else m.since end;
  delete from ${s}.subscription_members m where m.owner = _owner and m.name <> all(_subscriptions);
  if random() < 0.05 then
    delete from ${s}.subscription_members m using (
      select g.name, g.owner from ${s}.subscription_members g
      where g.name = any(_subscriptions) and g.until < clock_timestamp() for update skip locked) gone
    where m.name = gone.name and m.owner = gone.owner;
  end if;
  with mine as (
    select p.name, p.partition from unnest(_names, _partitions, _owners, _epochs) l(name, partition, owner, epoch)
    join ${s}.subscription_partitions p using (name, partition, owner, epoch) order by p.name, p.partition for update of p),
  renewed as (
    update ${s}.subscription_partitions p set lease_until = ends from mine m
    where p.name = m.name and p.partition = m.partition returning p.name, p.partition, p.owner, p.epoch)
  select coalesce(json_agg(l.place - 1 order by l.place), '[]') into lost
  from unnest(_names, _partitions, _owners, _epochs) with ordinality l(name, partition, owner, epoch, place)
  where (l.name, l.partition, l.owner, l.epoch) not in (select r.name, r.partition, r.owner, r.epoch from renewed r);
  select coalesce(json_agg(json_build_array(b.name, b.partitions, b.members, b.is_paused, b.wanted, b.barrier, b.checkpoints,
    b.parked) order by b.name), '[]') into views
  from (
    select b.*,
      (select count(*) from (select from ${s}.parked_events e where e.subscription = b.name limit ${MOST_COUNTED}) k) as parked,
      (select coalesce(json_agg(m.owner order by m.since, m.owner), '[]') from ${s}.subscription_members m
        where m.name = b.name and m.until > clock_timestamp()) as members,
      (select json_agg(json_build_array(p.partition, p.checkpoint, p.epoch, case when ${isHeld} then p.owner end,
          case when ${isHeld} then ${millisecondsUntil('p.lease_until')} end) order by p.partition)
        from ${s}.subscription_partitions p where p.name = b.name) as checkpoints
    from ${s}.subscriptions b where b.name = any(_subscriptions)) b;
  return json_build_array(lost, views);
end $$;`

const leave = ({ quoted: s }: SchemaName) => `
create function ${s}.leave_subscriptions(_owner text) returns void language plpgsql ${pinned} as $$
begin
  delete from ${s}.subscription_members m where m.owner = _owner;
  perform from ${s}.subscription_partitions p where p.owner = _owner order by p.name, p.partition for update;
  update ${s}.subscription_partitions p set owner = null, lease_until = null where p.owner = _owner;
end $$;`

/** @returns whether the subscription is known */
const reset = (schema: SchemaName) => {
  const { quoted: s } = schema
  return `
create function ${s}.reset_subscription(_name text, _position bigint) returns boolean language plpgsql ${pinned} as $$
begin
  perform from ${s}.subscriptions b where b.name = _name for update;
  if not found then return false; end if;
  perform ${s}.replace_partitions(_name, _position);
  delete from ${s}.parked_events e where e.subscription = _name;
  perform ${tellSteered(schema, '_name')};
  return true;
end $$;`
}

/** @returns whether the subscription was known */
const deleteSubscription = (schema: SchemaName) => {
  const { quoted: s } = schema
  return `
create function ${s}.delete_subscription(_name text) returns boolean language plpgsql ${pinned} as $$
begin
  delete from ${s}.subscriptions b where b.name = _name;
  if not found then return false; end if;
  perform from ${s}.subscription_partitions p where p.name = _name order by p.partition for update;
  update ${s}.epoch_floor f set epoch = greatest(f.epoch, (select max(p.epoch) + 1 from ${s}.subscription_partitions p where p.name = _name));
  delete from ${s}.subscription_partitions p where p.name = _name;
  delete from ${s}.subscription_members m where m.name = _name;
  delete from ${s}.parked_events e where e.subscription = _name;
  perform ${tellSteered(schema, '_name')};
  return true;
end $$;`
}

/** @returns whether it was swapped, and the version that is live */
const swapProjection = ({ quoted: s }: SchemaName) => `
create function ${s}.swap_projection(_name text, _from integer, _to integer, out is_swapped boolean, out live integer)
language plpgsql ${pinned} as $$
begin
  if _from is null then
    insert into ${s}.projection_versions (name, version, since) values (_name, _to, clock_timestamp()) on conflict do nothing;
  else
    update ${s}.projection_versions v set version = _to, previous = _from, since = clock_timestamp()
    where v.name = _name and v.version = _from;
  end if;
  is_swapped := found;
  select v.version into live from ${s}.projection_versions v where v.name = _name;
end $$;`

export const subscriptionFunctions = (schema: SchemaName) =>
  [register, replacePartitions, takeStepsDue, acquire, advanceOrFail, heartbeat, leave, reset, deleteSubscription, swapProjection]
    .map((part) => part(schema))
    .join('\n')
