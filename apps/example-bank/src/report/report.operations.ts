import { z } from 'zod'
import type { Operation } from '../http/openapi.js'
import { digits } from '../http/query.js'

/** The last day of a month; of a year's last month, where none is named. */
export const lastDay = (year: number, month = 12) => new Date(Date.UTC(year, month, 0))

export const Period = z
  .strictObject({ year: digits(1_970, 9_999), month: digits(1, 12).optional(), day: digits(1, 31).optional() })
  .refine(({ month, day }) => day === undefined || month !== undefined, { path: ['month'], error: 'expected beside a day' })
  .refine(({ year, month, day = 1 }) => day <= lastDay(year, month).getUTCDate(), {
    path: ['day'],
    error: 'expected a day that this month has',
  })

export const Inactivity = z.strictObject({ days: digits(0, 36_500).optional() })

const Count = z.int().min(0)
const tag = 'reports'

export const reportOperations: readonly Operation[] = [
  {
    method: 'get',
    path: '/api/reports/transactions',
    tag,
    summary: 'Withdrawals and transfers by UTC date: of a day, a month or a year.',
    query: Period,
    headers: ['Writ-Wait-For'],
    answer: { status: 200, schema: z.strictObject({ sum: Count, count: Count }) },
    problems: [400, 503],
  },
  {
    method: 'get',
    path: '/api/reports/inactive-accounts',
    tag,
    summary: 'How many accounts have had no movement for so many days; 30 by default.',
    query: Inactivity,
    headers: ['Writ-Wait-For'],
    answer: { status: 200, schema: z.strictObject({ total: Count }) },
    problems: [400, 503],
  },
]
