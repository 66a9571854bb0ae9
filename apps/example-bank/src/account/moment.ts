import type { Moment } from '@writ/aggregate'
import { z } from 'zod'
import { digits } from '../http/query.js'

const Version = digits(0, Number.MAX_SAFE_INTEGER).transform((version): Moment => ({ version }))

const toMoment = (text: string): Moment => ({ date: new Date(text) })

/** Digits alone are a version; anything else is a date (its beginning, by UTC) or a time with its offset. */
export const At = z.union(
  [Version, z.iso.date().transform(toMoment), z.iso.datetime({ offset: true }).transform(toMoment)],
  'expected a version, or a date such as 2026-11-21 or 2026-11-21T09:30:00Z',
)
