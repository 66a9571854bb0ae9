import { module } from '@writ/application'
import {
  type BatchContext,
  EventHandler,
  eventHandler,
  type HandlerContext,
  On,
  OnBatch,
  on,
  Projection,
  type ProjectionBatchContext,
} from '@writ/event-handler'
import type { SqlTransaction } from '@writ/event-store-postgres'
import { inject } from 'inversify'
import { Account, AccountOpened, MoneyDeposited, MoneyWithdrawn, OpenAccountHandler, PinHasher } from '../guides/bank.js'

/** What leaves the bank, for the tests to look at; what is marked as broken fails. */
export class Outbox {
  readonly sent: string[] = []
  readonly bulks: number[] = []
  readonly broken = new Set<string>()

  async send(_id: string, to: string, text: string): Promise<void> {
    if (this.broken.has(to)) throw new MailboxFull(`The mailbox of ${to} is full.`)
    this.sent.push(`${to}: ${text}`)
  }

  async bulk(lines: readonly { readonly id: string; readonly text: string }[]): Promise<void> {
    this.bulks.push(lines.length)
  }
}

export class MailboxFull extends Error {}
export class NoSuchMailbox extends Error {}

// #region handler
@EventHandler({ name: 'withdrawal-mails' })
export class WithdrawalMails {
  constructor(@inject(Outbox) private readonly outbox: Outbox) {}

  @On(MoneyWithdrawn)
  async withdrawn({ account, amount }: MoneyWithdrawn, { event }: HandlerContext) {
    // It may come again after a crash: the id lets the other side notice.
    await this.outbox.send(event.id, account, `${amount} withdrawn`)
  }
}
// #endregion handler

// #region value
export const greetings = (outbox: Outbox) =>
  eventHandler({
    name: 'greetings',
    startFrom: 'current',
    on: [on(AccountOpened, ({ account, owner }, { event }) => outbox.send(event.id, account, `Welcome, ${owner}`))],
  })
// #endregion value

// #region checkpoint
@EventHandler({ name: 'letters', checkpoint: { events: 1 } })
export class Letters {
  constructor(@inject(Outbox) private readonly outbox: Outbox) {}

  @On(AccountOpened)
  async opened({ account, owner }: AccountOpened, { event }: HandlerContext) {
    await this.outbox.send(event.id, account, `${owner}, your card is on its way`)
  }
}
// #endregion checkpoint

// #region concurrent
@EventHandler({ name: 'deposit-mails', concurrency: 16, partitionBy: 'account' })
export class DepositMails {
  constructor(@inject(Outbox) private readonly outbox: Outbox) {}

  @On(MoneyDeposited)
  async deposited({ account, amount }: MoneyDeposited, { event }: HandlerContext) {
    await this.outbox.send(event.id, account, `${amount} deposited`)
  }
}
// #endregion concurrent

// #region batch
@EventHandler({ name: 'search-index', batch: { size: 500, within: 50 } })
export class SearchIndex {
  constructor(@inject(Outbox) private readonly outbox: Outbox) {}

  @OnBatch(MoneyDeposited, MoneyWithdrawn)
  async moved(events: readonly (MoneyDeposited | MoneyWithdrawn)[], context: BatchContext) {
    await this.outbox.bulk(events.map(({ amount }, index) => ({ id: context.events[index]!.id, text: `${amount}` })))
  }
}
// #endregion batch

// #region rows
@Projection({ name: 'movements' })
export class Movements {
  async setUp({ sql }: SqlTransaction) {
    await sql`create table if not exists movements (position bigint, account text, amount bigint)`
  }

  @OnBatch(MoneyDeposited)
  async deposited(events: readonly MoneyDeposited[], { sql, events: recorded }: ProjectionBatchContext<SqlTransaction>) {
    await sql`insert into movements select * from unnest(
      ${recorded.map(({ position }) => position)}::bigint[],
      ${events.map(({ account }) => account)}::text[],
      ${events.map(({ amount }) => amount)}::bigint[])`
  }
}
// #endregion rows

export const bank = (outbox: Outbox) =>
  module({
    name: 'bank',
    aggregates: [Account],
    commandHandlers: [OpenAccountHandler],
    eventHandlers: [WithdrawalMails, Letters, DepositMails, SearchIndex, greetings(outbox)],
    bindings: (container) => {
      container.bind(PinHasher).toSelf()
      container.bind(Outbox).toConstantValue(outbox)
    },
  })
