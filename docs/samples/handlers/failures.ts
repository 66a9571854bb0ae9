import { Application } from '@writ/application'
import {
  byError,
  type ErrorPolicy,
  EventHandler,
  type HandlerContext,
  On,
  retryLaterThenPark,
  retryThenPark,
  retryThenStop,
  skipAtOnce,
} from '@writ/event-handler'
import type { EventStore } from '@writ/event-store'
import { inject } from 'inversify'
import { MoneyWithdrawn } from '../guides/bank.js'
import { bank, MailboxFull, NoSuchMailbox, Outbox } from './handlers.js'

// #region policies
@EventHandler({
  name: 'letters',
  onError: byError(
    [
      [MailboxFull, retryLaterThenPark({ delays: [60_000, 3_600_000, 86_400_000] })],
      [NoSuchMailbox, skipAtOnce],
    ],
    retryThenPark({ attempts: 5 }),
  ),
})
export class Letters {
  constructor(@inject(Outbox) private readonly outbox: Outbox) {}

  @On(MoneyWithdrawn)
  async withdrawn({ account, amount }: MoneyWithdrawn, { event }: HandlerContext) {
    await this.outbox.send(event.id, account, `${amount} withdrawn`)
  }
}
// #endregion policies

// #region own
export const patientAtNight: ErrorPolicy = ({ attempt, history, event }, runtime) => {
  const hour = new Date(runtime.now()).getUTCHours()
  if (event.metadata.actor === 'import') return 'skip'
  if (hour < 6) return { retryLater: 60 * 60 * 1_000 }
  return attempt < 3 && history.length < 3 ? { retryIn: 100 } : 'park'
}
// #endregion own

export const open = (store: EventStore, outbox: Outbox) =>
  // #region default
  Application.create({
    store,
    modules: [bank(outbox)],
    subscriptions: { onError: retryThenPark({ attempts: 3, firstDelay: 10 }) },
  })
// #endregion default

/** What `retryThenStop` comes to when nothing is said. */
export const usual = retryThenStop({ attempts: 8, firstDelay: 100, longestDelay: 10_000 })

export async function look(app: Application): Promise<string[]> {
  const lines: string[] = []
  // #region look
  for (const { sequence, event, attempts, retryIn } of await app.parked('withdrawal-mails').list()) {
    const last = attempts.at(-1)?.error.message ?? 'waits behind another one'
    lines.push(`${sequence}, version ${event?.version}: ${last}${retryIn === undefined ? '' : `; again in ${retryIn} ms`}`)
  }
  // #endregion look
  return lines
}

export async function decide(app: Application) {
  // #region decide
  const parked = app.parked('withdrawal-mails')
  const [first] = await parked.list({ sequence: 'account-42', limit: 1 })
  await parked.edit(first!, { account: '43' }, { actor: 'ann' }) // a copy, checked by the schema: the log stays as it is
  await parked.retry({ sequence: 'account-42' }, { wait: true, actor: 'ann' }) // in order; { events: 2, left: 0 }
  await parked.discard('all', { actor: 'ann' }) // whatever else there is
  // #endregion decide
}
