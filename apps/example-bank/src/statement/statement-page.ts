import type { Application } from '@writ/application'
import { EventTypes, eventsOf, streamName } from '@writ/event-store'
import { AccountOpened, AccountVerified, MoneyDeposited, MoneyRefunded, MoneyWithdrawn } from '../account/account.events.js'
import { Bookkeeping, type Entry } from './entry.js'

const history = new EventTypes([AccountOpened, AccountVerified, MoneyDeposited, MoneyWithdrawn, MoneyRefunded])

export interface Page {
  readonly entries: readonly Entry[]
  /** Whether there are entries behind these. */
  readonly isLast: boolean
}

/**
 * So many entries of an account's own stream, the oldest first.
 *
 * @param start the version behind which it begins, and the balance there
 */
export async function statementPage(
  bank: Application,
  account: string,
  start: { readonly version: number; readonly balance: number },
  limit: number,
): Promise<Page> {
  const bookkeeping = new Bookkeeping(start.balance)
  const entries: Entry[] = []
  // Almost every event is an entry: a page of the store holds what is asked for, and one to see whether more follow.
  const stored = bank.store.readStream(streamName('account', account), { fromVersion: start.version + 1, pageSize: limit + 2 })
  for await (const one of eventsOf(stored)) {
    for (const event of history.decode(one)) {
      const entry = bookkeeping.entryOf(event)
      if (entry === undefined) continue
      if (entries.length === limit) return { entries, isLast: false }
      entries.push(entry)
    }
  }
  return { entries, isLast: true }
}
