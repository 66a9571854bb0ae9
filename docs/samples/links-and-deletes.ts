import { Aggregate, Apply, Handle } from '@writ/aggregate'
import type { Application } from '@writ/application'
import {
  Command,
  Event,
  type EventStore,
  eventsOf,
  hasCode,
  type NewEvent,
  newLink,
  type StreamDeletedError,
  systemRuntime,
} from '@writ/event-store'
import { postgresEventStore } from '@writ/event-store-postgres'
import { z } from 'zod'

// #region link
/** Puts the events of an account into the audit of a year, without copying them. */
export async function audit(store: EventStore, account: string, year: number) {
  const links: NewEvent[] = []
  for await (const event of eventsOf(store.readStream(`account-${account}`))) links.push(newLink(event, systemRuntime.uuid()))
  return store.append({ stream: `audit-${year}`, events: links })
}

/** Each event as it was written, at its place in the audit; `origin` says where it stands itself. */
export async function audited(store: EventStore, year: number) {
  const entries: string[] = []
  for await (const { version, type, origin } of eventsOf(store.readStream(`audit-${year}`))) {
    entries.push(`${version}: ${type}, version ${origin?.version} of ${origin?.stream}`)
  }
  return entries
}
// #endregion link
// #region delete
/** Nothing goes into the stream any more, or comes out of it. The log keeps its events. */
export async function close(store: EventStore, account: string, expectedVersion: number, actor: string) {
  return store.streams.delete(`account-${account}`, { expectedVersion, metadata: { actor } })
}

export async function whyNot(store: EventStore, event: NewEvent, account: string) {
  try {
    await store.append({ stream: `account-${account}`, events: [event] })
    return undefined
  } catch (error) {
    if (!hasCode<StreamDeletedError>(error, 'stream-deleted')) throw error
    return `closed by ${error.actor} at version ${error.version}`
  }
}
// #endregion delete
// #region hard
export function storeThatMayErase(connectionString: string) {
  return postgresEventStore({ connectionString, schema: 'bank', allowHardDelete: true })
}

export async function erase(store: EventStore, customer: string) {
  return store.streams.delete(`customer-${customer}`, { hard: true, metadata: { actor: 'data protection officer' } })
}
// #endregion hard
// #region summary
class MoneyDeposited extends Event('money-deposited', z.object({ account: z.string(), amount: z.int() })) {}
class AccountBalanceCarriedForward extends Event(
  'account-balance-carried-forward',
  z.object({ account: z.string(), balance: z.int() }),
  { summary: true }, // it carries all that the stream came to
) {}

export class DepositMoney extends Command('deposit-money', z.object({ account: z.string(), amount: z.int() })) {}
export class CarryForward extends Command('carry-forward', z.object({ account: z.string() })) {}

@Aggregate({ category: 'account', identity: 'account' })
export class Account {
  balance = 0

  @Handle(DepositMoney)
  deposit({ account, amount }: DepositMoney) {
    return new MoneyDeposited({ account, amount })
  }

  @Handle(CarryForward)
  carryForward({ account }: CarryForward) {
    return new AccountBalanceCarriedForward({ account, balance: this.balance })
  }

  @Apply(MoneyDeposited)
  deposited({ amount }: MoneyDeposited) {
    this.balance += amount
  }

  @Apply(AccountBalanceCarriedForward)
  carriedForward({ balance }: AccountBalanceCarriedForward) {
    this.balance = balance
  }
}

export async function closeTheBooks(app: Application, account: string) {
  const { stream, version } = await app.dispatch(new CarryForward({ account }))
  return app.store.streams.truncate(stream, { before: version })
}
// #endregion summary
// #region snapshot
class MeterRead extends Event('meter-read', z.object({ meter: z.string(), kilowattHours: z.int() })) {}
export class ReadMeter extends Command('read-meter', z.object({ meter: z.string(), kilowattHours: z.int() })) {}

@Aggregate({ category: 'meter', identity: 'meter', snapshotEvery: 100, snapshotVersion: 1 })
export class Meter {
  total = 0

  @Handle(ReadMeter)
  read({ meter, kilowattHours }: ReadMeter) {
    return new MeterRead({ meter, kilowattHours })
  }

  @Apply(MeterRead)
  wasRead({ kilowattHours }: MeterRead) {
    this.total += kilowattHours
  }
}

/** Closes the books before the event that the newest snapshot stands at; that event stays. */
export async function closeBehindSnapshot(store: EventStore, stream: string) {
  const snapshot = await store.snapshots.load(stream, 1)
  return snapshot && store.streams.truncate(stream, { before: snapshot.version })
}
// #endregion snapshot
