import type { AnyEvent, RecordedEvent } from '@writ/event-store'
import { z } from 'zod'
import { AccountOpened, MoneyDeposited, MoneyRefunded, MoneyWithdrawn } from '../account/account.events.js'
import { Balance } from '../account/money.js'
import { TransferId } from '../transfer/transfer-id.js'

/** One line of a statement. */
export const Entry = z.strictObject({
  at: z.iso.datetime().meta({ description: 'When it was stored, by UTC.' }),
  kind: z.enum(['opening', 'deposit', 'withdrawal', 'refund']),
  amount: Balance.meta({ description: 'Cents, never negative: `kind` tells the direction.' }),
  balance: Balance.meta({ description: 'Cents that lie in the account after it.' }),
  version: z.int().min(1).meta({ description: "The account's version after it." }),
  transfer: TransferId.optional().meta({ description: 'The transfer that it belongs to.' }),
})
export type Entry = z.output<typeof Entry>

/** Makes entries of an account's events, in their order; the balance goes along. */
export class Bookkeeping {
  /** @param balance cents before the first event that it is given */
  constructor(private balance: number) {}

  /** @returns nothing for an event that moves no money */
  entryOf({ data, version, createdAt }: RecordedEvent): Entry | undefined {
    const movement = movementOf(data)
    if (movement === undefined) return undefined
    const { kind, amount, transfer } = movement
    this.balance += kind === 'withdrawal' ? -amount : amount
    const { balance } = this
    return { at: createdAt.toISOString(), kind, amount, balance, version, ...(transfer !== undefined && { transfer }) }
  }
}

function movementOf(event: AnyEvent): Pick<Entry, 'kind' | 'amount' | 'transfer'> | undefined {
  if (event instanceof AccountOpened) return { kind: 'opening', amount: event.balance }
  if (event instanceof MoneyDeposited) return { kind: 'deposit', amount: event.amount, transfer: event.transfer }
  if (event instanceof MoneyWithdrawn) return { kind: 'withdrawal', amount: event.amount, transfer: event.transfer }
  if (event instanceof MoneyRefunded) return { kind: 'refund', amount: event.amount, transfer: event.transfer }
  return undefined
}
