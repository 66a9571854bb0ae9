import { randomInt } from 'node:crypto'
import { eventHandler, on } from '@writ/event-handler'
import { systemRuntime } from '@writ/event-store'
import type pg from 'pg'
import { Completions } from '../bank/completions.js'
import { RequestTransfer, Transfer, TransferCompleted, TransferProcess } from '../bank/transfer.js'
import type { System } from '../system.js'
import { openWritBank } from './writ-bank.js'

const TIMEOUT_SECONDS = 60

/** @param count how many accounts there are */
export function writTransfers(count: number): System {
  return {
    name: 'writ',
    async open(environment) {
      const completions = new Completions()
      const completed = eventHandler({
        name: 'completions',
        on: [on(TransferCompleted, ({ transfer }) => completions.completed(transfer))],
      })
      const parts = { aggregates: [Transfer], processManagers: [TransferProcess], eventHandlers: [completed] }
      const { app, accounts, pool, close } = await openWritBank(environment, count, parts)
      return {
        settings:
          'as it comes: an application with two aggregates, a process manager, and an event handler that tells the caller',
        async operation() {
          const transfer = systemRuntime.uuid()
          const [from, to] = accounts.pair()
          const request = new RequestTransfer({ transfer, from, to, amount: randomInt(1, 1_000), currency: 'EUR' })
          await Promise.all([completions.of(transfer, TIMEOUT_SECONDS), app.dispatch(request)]).catch(async (cause: Error) => {
            const { subscriptions } = await app.health()
            throw new Error(`${cause.message} The subscriptions: ${JSON.stringify(subscriptions)}`, { cause })
          })
        },
        stored: () => completedTransfers(pool),
        close,
      }
    },
  }
}

/**
 * Goes through the whole log.
 *
 * @returns how many transfers were completed
 * @throws Error where one went another way than each of its steps once, in their order, with as much deposited as was withdrawn
 */
async function completedTransfers(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ completed: string; wrong: string; example: string | null }>(`
    with transfers as (
      select data->>'transfer' as transfer,
        array_agg(type order by position) = array['transfer-requested', 'money-withdrawn', 'money-deposited', 'transfer-completed']
          and sum(case type
            when 'money-withdrawn' then -(data->>'amount')::bigint
            when 'money-deposited' then (data->>'amount')::bigint
            else 0 end) = 0 as is_right
      from events
      where type in ('transfer-requested', 'money-withdrawn', 'money-deposited', 'transfer-completed')
      group by 1)
    select count(*) filter (where is_right)::text completed, count(*) filter (where not is_right)::text wrong,
      min(transfer) filter (where not is_right) example
    from transfers`)
  const { completed, wrong, example } = rows[0]!
  if (example !== null) {
    throw new Error(`${wrong} transfers lost or doubled a step or money, such as ${example}: the figures are worth nothing.`)
  }
  return Number(completed)
}
