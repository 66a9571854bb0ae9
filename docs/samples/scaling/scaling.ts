import { Application, module } from '@writ/application'
import {
  EventHandler,
  eventHandler,
  type HandlerContext,
  On,
  on,
  Projection,
  type ProjectionContext,
  type ResetContext,
} from '@writ/event-handler'
import type { EventStore } from '@writ/event-store'
import type { SqlTransaction } from '@writ/event-store-postgres'
import { inject } from 'inversify'
import { Account, MoneyDeposited, MoneyWithdrawn } from '../guides/bank.js'
import { Outbox } from '../handlers/handlers.js'

// #region partitions
@EventHandler({ name: 'statement-lines', partitions: 8 })
export class StatementLines {
  constructor(@inject(Outbox) private readonly outbox: Outbox) {}

  @On(MoneyDeposited)
  async deposited({ account, amount }: MoneyDeposited, { event }: HandlerContext) {
    await this.outbox.send(event.id, account, `${amount} in`)
  }
}
// #endregion partitions

// #region by
@EventHandler({
  name: 'daily-limits',
  partitions: 4,
  concurrency: 16,
  partitionBy: ({ account }: MoneyDeposited | MoneyWithdrawn) => account,
})
export class DailyLimits {
  constructor(@inject(Outbox) private readonly outbox: Outbox) {}

  @On(MoneyWithdrawn)
  async withdrawn({ account, amount }: MoneyWithdrawn, { event }: HandlerContext) {
    await this.outbox.send(event.id, account, `${amount} out`)
  }
}
// #endregion by

// #region projection
@Projection({ name: 'turnovers', partitions: 4 })
export class Turnovers {
  async setUp({ sql }: SqlTransaction) {
    await sql`create table if not exists turnovers (account text primary key, amount bigint not null)`
  }

  async beforeReset({ sql }: ResetContext<SqlTransaction>) {
    await sql`truncate turnovers`
  }

  @On(MoneyDeposited)
  async deposited({ account, amount }: MoneyDeposited, { sql }: ProjectionContext<SqlTransaction>) {
    await sql`insert into turnovers values (${account}, ${amount})
      on conflict (account) do update set amount = turnovers.amount + excluded.amount`
  }
}
// #endregion projection

// #region state
export const largest = (tell: (account: string, amount: number) => void) =>
  eventHandler<Map<string, number>>({
    name: 'largest-deposits',
    partitions: 4,
    state: () => new Map(),
    on: [
      on(MoneyDeposited, ({ account, amount }, { state }) => {
        if (amount <= (state.get(account) ?? 0)) return
        state.set(account, amount)
        tell(account, amount)
      }),
    ],
  })
// #endregion state

export const scaled = (outbox: Outbox, tell: (account: string, amount: number) => void = () => {}) =>
  module({
    name: 'scaled',
    aggregates: [Account],
    eventHandlers: [StatementLines, DailyLimits, largest(tell)],
    projections: [Turnovers],
    bindings: (container) => void container.bind(Outbox).toConstantValue(outbox),
  })

export const open = (store: EventStore<SqlTransaction>, outbox: Outbox) =>
  // #region lease
  Application.create({ store, modules: [scaled(outbox)], subscriptions: { leaseMilliseconds: 3_000 } })
// #endregion lease

export function look(app: Application<SqlTransaction>): string[] {
  const lines: string[] = []
  // #region look
  for (const { name, state, here, partitions, lag } of app.subscriptions.status()) {
    lines.push(`${name}: ${state}, ${here} of ${partitions.length} partitions here, ${lag} behind`)
    for (const { partition, heldBy, expiresIn } of partitions) {
      if (expiresIn !== undefined) lines.push(`  ${partition} runs at ${heldBy}, for ${expiresIn} ms unless it goes on`)
    }
  }
  // #endregion look
  return lines
}

export async function rebuild(app: Application<SqlTransaction>): Promise<void> {
  // #region control
  await app.subscriptions.pause(Turnovers) // in all processes, until it is resumed
  await app.subscriptions.reset(Turnovers, { to: 'origin' }) // with beforeReset, in one transaction
  await app.subscriptions.resume(Turnovers)
  // #endregion control
}
