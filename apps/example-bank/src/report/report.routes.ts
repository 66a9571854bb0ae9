import type { Application } from '@writ/application'
import { Hono } from 'hono'
import { Clock } from '../clock.js'
import { visible } from '../http/positions.js'
import { readQuery } from '../http/query.js'
import { ACCOUNT_ACTIVITY, AccountActivity } from './account-activity.js'
import { Inactivity, lastDay, Period } from './report.operations.js'
import { TRANSACTIONS, Transactions } from './transactions.js'
import { utcDay } from './utc-day.js'

const DAY = 24 * 60 * 60 * 1_000

/** Figures of the whole bank, for everybody: they tell of nobody in particular. */
export function reportRoutes(bank: Application): Hono {
  const transactions = bank.get(Transactions)
  const activity = bank.get(AccountActivity)
  const clock = bank.get(Clock)
  const headers = { 'Cache-Control': 'no-store' }

  return new Hono()
    .get('/transactions', visible(bank, [TRANSACTIONS]), async (c) => {
      const { year, month, day } = readQuery(c, Period)
      const first = new Date(Date.UTC(year, (month ?? 1) - 1, day ?? 1))
      const last = day === undefined ? lastDay(year, month) : first
      return c.json(await transactions.between(utcDay(first), utcDay(last)), 200, headers)
    })

    .get('/inactive-accounts', visible(bank, [ACCOUNT_ACTIVITY]), async (c) => {
      const { days = 30 } = readQuery(c, Inactivity)
      return c.json({ total: await activity.inactiveSince(new Date(clock.now() - days * DAY)) }, 200, headers)
    })
}
