import { Event } from '@writ/event-store'
import { z } from 'zod'

export class AccountOpened extends Event(
  'account-opened',
  z.object({ account: z.string(), owner: z.string(), email: z.string() }),
) {}
export class MoneyDeposited extends Event('money-deposited', z.object({ account: z.string(), amount: z.int() })) {}
export class MoneyWithdrawn extends Event('money-withdrawn', z.object({ account: z.string(), amount: z.int() })) {}
