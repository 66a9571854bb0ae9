import {
  type CheckedChanges,
  checkDecision,
  checkEdit,
  checkName,
  type DueOptions,
  type ParkedEvent,
  type ParkedEventName,
  type ParkedEvents,
  type ParkedPage,
  type ParkingDecision,
  parkedPage,
  UnknownParkedEventError,
} from '@writ/event-store'
import type { Connections, Row, Statement } from './connections.js'
import type { Ready } from './ready.js'
import { tellSteered } from './schema/hints.js'
import type { SchemaName } from './schema/schema-name.js'
import { millisecondsUntil } from './schema/subscription-functions.js'

/** What subscriptions have put aside; their checkpoints' statements change it. */
export class PostgresParkedEvents implements ParkedEvents {
  private readonly statements: ReturnType<typeof statementsOf>

  constructor(
    private readonly connections: () => Connections,
    private readonly ready: Ready,
    schema: SchemaName,
  ) {
    this.statements = statementsOf(schema)
  }

  async sequences(subscription: string): Promise<readonly string[]> {
    const operation = 'list parked sequences'
    this.ready(operation)
    checkName('parked.sequences', 'subscription', subscription)
    const rows = await this.connections().read(operation, this.statements.sequences, [subscription])
    return rows.map(([sequence]) => sequence!)
  }

  async due(subscription: string, options?: ParkedPage & DueOptions): Promise<readonly ParkedEvent[]> {
    const operation = 'list parked events'
    this.ready(operation)
    const { after, limit, woken } = parkedPage('parked.due', subscription, options)
    const statement = woken ? this.statements.dueWoken : this.statements.due
    const rows = await this.connections().read(operation, statement, [subscription, after, limit])
    return rows.map(parkedEventOf)
  }

  async list(subscription: string, options?: ParkedPage & { readonly sequence?: string }): Promise<readonly ParkedEvent[]> {
    const operation = 'list parked events'
    this.ready(operation)
    const { after, limit, sequence } = parkedPage('parked.list', subscription, options)
    const rows =
      sequence === undefined
        ? await this.connections().read(operation, this.statements.list, [subscription, after, limit])
        : await this.connections().read(operation, this.statements.listSequence, [subscription, after, limit, sequence])
    return rows.map(parkedEventOf)
  }

  async decide(subscription: string, decision: ParkingDecision, which: Partial<ParkedEventName> = {}): Promise<number> {
    const operation = 'decide on parked events'
    this.ready(operation)
    checkDecision(subscription, decision, which)
    const given = (['sequence', 'position', 'part'] as const).filter((column) => which[column] !== undefined)
    const values = [subscription, decision, ...given.map((column) => which[column]!)]
    const [row] = await this.connections().write(operation, this.statements.decide(given), values)
    return Number(row![0])
  }

  async edit(subscription: string, name: ParkedEventName, data: string | undefined): Promise<void> {
    const operation = 'edit a parked event'
    this.ready(operation)
    checkEdit(subscription, name, data)
    const { sequence, position, part } = name
    const values = [subscription, sequence, position, part, data ?? null]
    const rows = await this.connections().write(operation, this.statements.edit, values)
    if (rows.length === 0) throw new UnknownParkedEventError(subscription, name)
  }
}

/** Two parts of a `with`: what they park and take out is given as JSON, by `encodeChanges`. */
export function parkingChanges(
  s: string,
  { subscription, park, unpark }: { readonly subscription: string; readonly park: string; readonly unpark: string },
  condition: string,
): string {
  return `unparked as (
      delete from ${s}.parked_events e using (
        select g.sequence, g.position, g.part from ${s}.parked_events g
        join json_to_recordset(${unpark}::json) u(sequence text, position bigint, part integer) using (sequence, position, part)
        where g.subscription = ${subscription} and ${condition} order by 1, 2, 3 for update of g) gone
      where e.subscription = ${subscription} and (e.sequence, e.position, e.part) = (gone.sequence, gone.position, gone.part)),
    parked as (
      insert into ${s}.parked_events as known (subscription, sequence, position, part, type, stream, failure, parked_at, retry_at)
      select ${subscription}, p.sequence, p.position, p.part, p.type, p.stream, p.failure::json, clock_timestamp(),
        clock_timestamp() + p.retry_in * interval '1 millisecond'
      from json_to_recordset(${park}::json)
        p(sequence text, position bigint, part integer, type text, stream text, failure text, retry_in double precision)
      where ${condition} order by p.sequence, p.position, p.part
      on conflict (subscription, sequence, position, part)
        do update set failure = excluded.failure, retry_at = excluded.retry_at, decision = nullif(known.decision, 'retry'))`
}

/** A failure goes as text within the JSON: what an error says may have characters that PostgreSQL's texts can't. */
export function encodeChanges({ park, unpark }: CheckedChanges): readonly [park: string, unpark: string] {
  const parked = park.map(({ sequence, position, part, type, stream, failure, retryIn }) => {
    const text = failure === undefined ? null : JSON.stringify(failure)
    return { sequence, position, part, type, stream, failure: text, retry_in: retryIn ?? null }
  })
  return [JSON.stringify(parked), JSON.stringify(unpark.map(({ sequence, position, part }) => ({ sequence, position, part })))]
}

function parkedEventOf(row: Row): ParkedEvent {
  const [subscription, sequence, position, part, type, stream, failure, parkedAt, retryIn, decision, edited] = row
  return {
    subscription: subscription!,
    sequence: sequence!,
    position: Number(position),
    part: Number(part),
    type: type!,
    stream: stream!,
    failure: failure === null ? undefined : JSON.parse(failure!),
    parkedAt: new Date(Number(parkedAt)),
    retryIn: retryIn === null ? undefined : Number(retryIn),
    decision: (decision as ParkingDecision | null) ?? undefined,
    edited: edited ?? undefined,
  }
}

function statementsOf(schema: SchemaName) {
  const { quoted: s, statementPrefix } = schema
  const statement = (name: string, text: string): Statement => ({ name: `${statementPrefix}${name}`, text })
  const columns = `e.subscription, e.sequence, e.position, e.part, e.type, e.stream, e.failure,
    floor(date_part('epoch', e.parked_at) * 1000)::bigint, case when e.retry_at is not null then ${millisecondsUntil('e.retry_at')} end,
    e.decision, e.edited_data`
  // What happened at one position is told as a whole.
  const page = (rows: string) =>
    `select ${columns} from (${rows} order by position fetch first ($3::integer) rows with ties) e order by e.position, e.part, e.sequence`
  const due = (source: string) => `select * from (
      select r.*, bool_and(r.is_ready) over (partition by r.sequence order by r.position, r.part) as flows
      from (
        select p.*, p.failure is null or p.decision is not null or coalesce(p.retry_at <= clock_timestamp(), false) as is_ready
        from ${source}) r) f
    where (f.flows or f.decision = 'discard') and f.position > $2::bigint`
  return {
    sequences: statement(
      'parked_sequences',
      `select distinct sequence from ${s}.parked_events where subscription = $1 order by sequence`,
    ),
    due: statement('parked_due', page(due(`${s}.parked_events p where p.subscription = $1`))),
    // Each half has an index that holds no more than what it looks for; `offset 0` keeps the sequences apart from the join.
    dueWoken: statement(
      'parked_due_woken',
      page(
        due(`(
          select d.sequence from ${s}.parked_events d where d.subscription = $1 and d.decision is not null
          union select t.sequence from ${s}.parked_events t where t.subscription = $1 and t.retry_at <= statement_timestamp()) w
          cross join lateral (select * from ${s}.parked_events e where e.subscription = $1 and e.sequence = w.sequence offset 0) p`),
      ),
    ),
    list: statement(
      'parked_list',
      page(`select * from ${s}.parked_events p where p.subscription = $1 and p.position > $2::bigint`),
    ),
    listSequence: statement(
      'parked_list_sequence',
      page(`select * from ${s}.parked_events p where p.subscription = $1 and p.position > $2::bigint and p.sequence = $4`),
    ),
    /** One for each choice of what is compared: a single one, with conditions that may be left out, would read all that is parked. */
    decide: (given: readonly (keyof ParkedEventName)[]) =>
      statement(
        ['decide_parked', ...given].join('_'),
        `with decided as (
          update ${s}.parked_events set decision = $2
          where ${['subscription = $1', ...given.map((column, index) => `${column} = $${index + 3}`)].join(' and ')} returning 1)
        select count(*), case when count(*) > 0 then ${tellSteered(schema, '$1')} end from decided`,
      ),
    edit: statement(
      'edit_parked',
      `update ${s}.parked_events set edited_data = $5::json
        where subscription = $1 and position = $3 and part = $4
          and exists (select from ${s}.parked_events where subscription = $1 and sequence = $2 and position = $3 and part = $4)
        returning 1`,
    ),
  }
}
