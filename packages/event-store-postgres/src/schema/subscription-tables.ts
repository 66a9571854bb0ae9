import type { SchemaName } from './schema-name.js'

export const subscriptionTables = ({ quoted: s }: SchemaName) => `
create table ${s}.subscriptions (
  name text collate "C" not null,
  partitions integer not null check (partitions > 0),
  -- The number of partitions that was wished for; null where there are as many.
  wanted integer check (wanted > 0),
  -- Where all partitions stop before their number changes; null until none of them is held.
  barrier bigint,
  is_paused boolean not null default false,
  constraint subscriptions_name primary key (name)
);

create table ${s}.subscription_partitions (
  name text collate "C" not null,
  partition integer not null,
  checkpoint bigint not null,
  -- The barrier of the subscription, where the statement that moves the checkpoint finds it.
  up_to bigint,
  owner text collate "C",
  epoch bigint not null,
  lease_until timestamptz,
  constraint subscription_partitions_name primary key (name, partition)
) with (fillfactor = 50);

create table ${s}.subscription_members (
  name text collate "C" not null,
  owner text collate "C" not null,
  since timestamptz not null,
  until timestamptz not null,
  constraint subscription_members_name primary key (name, owner)
) with (fillfactor = 50);

-- An epoch above those of all subscriptions that were deleted: one of the same name that is registered again begins with it.
create table ${s}.epoch_floor (
  only_row boolean primary key default true check (only_row),
  epoch bigint not null default 0
);
insert into ${s}.epoch_floor default values;

create table ${s}.parked_events (
  subscription text collate "C" not null,
  sequence text collate "C" not null,
  position bigint not null,
  part integer not null,
  type text collate "C" not null,
  stream text collate "C" not null,
  -- Null where it waits behind another.
  failure json,
  parked_at timestamptz not null,
  -- Null where it is not tried again by itself.
  retry_at timestamptz,
  decision text collate "C" check (decision in ('retry', 'discard')),
  edited_data json,
  constraint parked_events_name primary key (subscription, sequence, position, part)
);
-- A page of them in the order of the log, and what is decided by its position, without the others.
create index parked_events_position on ${s}.parked_events (subscription, position);
-- What to look at once a second is found however much is parked.
create index parked_events_decided on ${s}.parked_events (subscription, sequence) where decision is not null;
create index parked_events_timed on ${s}.parked_events (subscription, retry_at) where retry_at is not null;

create table ${s}.projection_versions (
  name text collate "C" not null,
  version integer not null,
  previous integer,
  since timestamptz not null,
  constraint projection_versions_name primary key (name)
);
`
