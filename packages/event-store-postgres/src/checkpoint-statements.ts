import type { Statement } from './connections.js'
import { parkingChanges } from './parked-events.js'
import { tellSteered } from './schema/hints.js'
import type { SchemaName } from './schema/schema-name.js'
import { millisecondsUntil } from './schema/subscription-functions.js'

/** The fence is one condition, `owner and epoch are mine`, in the statement that moves the checkpoint. */
export function checkpointStatements(schema: SchemaName) {
  const { quoted: s, statementPrefix } = schema
  const statement = (name: string, text: string): Statement => ({ name: `${statementPrefix}${name}`, text })
  const mine = `name = $1 and partition = $2 and owner = $3 and epoch = $4`
  const advance = `update ${s}.subscription_partitions set checkpoint = $5::bigint
    where ${mine} and checkpoint <= $5::bigint and (up_to is null or up_to >= $5::bigint) returning 1`
  return {
    register: statement('register', `select ${s}.register_subscription($1, $2, $3)`),
    acquire: statement('acquire', `select * from ${s}.acquire_lease($1, $2, $3, $4)`),
    renew: statement(
      'renew',
      `update ${s}.subscription_partitions set lease_until = clock_timestamp() + $5::double precision * interval '1 millisecond'
        where ${mine} returning 1`,
    ),
    release: statement('release', `update ${s}.subscription_partitions set owner = null, lease_until = null where ${mine}`),
    heartbeat: statement('heartbeat', `select ${s}.heartbeat($1, $2, $3, $4, $5, $6, $7)`),
    leave: statement('leave', `select ${s}.leave_subscriptions($1)`),
    advance: statement('advance', advance),
    advanceWithChanges: statement(
      'advance_with_changes',
      `with moved as (${advance}), ${parkingChanges(s, { subscription: '$1', park: '$6', unpark: '$7' }, 'exists (select from moved)')}
        select 1 from moved`,
    ),
    changeParked: statement(
      'change_parked',
      `with ${parkingChanges(s, { subscription: '$1', park: '$2', unpark: '$3' }, 'true')} select 1`,
    ),
    pause: statement(
      'pause',
      `with paused as (update ${s}.subscriptions set is_paused = $2 where name = $1 returning name)
        select ${tellSteered(schema, 'name')} from paused`,
    ),
    stored: statement(
      'stored',
      `select owner, epoch, checkpoint, up_to from ${s}.subscription_partitions where name = $1 and partition = $2`,
    ),
    list: statement(
      'list',
      `select name, partition, checkpoint, epoch, owner, ${millisecondsUntil('lease_until')} from ${s}.subscription_partitions
        where $1::text is null or name = $1 order by name, partition`,
    ),
  }
}
