// #region rows
import { boundary, decided, type HandlingAlone } from '@writ/aggregate'
import { CommandHandler, commandHandler } from '@writ/command-router'
import { Command, DomainError, Event } from '@writ/event-store'
import type { SqlTransaction } from '@writ/event-store-postgres'
import { inject } from 'inversify'
import { z } from 'zod'

const Price = z.object({ product: z.string(), cents: z.int() })
class PriceChanged extends Event('price-changed', Price) {}
export class SetPrice extends Command('set-price', Price) {}

/** Rounds as the shop does. */
export class Rounding {
  round(cents: number): number {
    return Math.ceil(cents / 5) * 5
  }
}

const prices = { name: 'prices', key: 'product' }

@CommandHandler(SetPrice, { stream: ({ product }) => `price-${product}`, events: [PriceChanged] })
export class SetPriceHandler {
  constructor(@inject(Rounding) private readonly rounding: Rounding) {}

  async handle({ product, cents }: SetPrice, { transaction: { rows } }: HandlingAlone) {
    const price = this.rounding.round(cents)
    await rows(prices).insert(product, { cents: 0 }) // where there is none yet
    const row = await rows(prices).lock(product) // waits for whoever is changing it
    if (row?.cents === price) return undefined
    await rows(prices).update(product, { cents: price })
    return new PriceChanged({ product, cents: price })
  }
}
// #endregion rows

// #region sql
const Customer = z.object({ customer: z.string() })
class InvoicesPaid extends Event('invoices-paid', z.object({ customer: z.string(), cents: z.int() })) {}
export class PayInvoices extends Command('pay-invoices', Customer, { result: z.object({ cents: z.int() }) }) {}

export const payInvoices = commandHandler(PayInvoices, {
  stream: ({ customer }) => `invoices-${customer}`,
  events: [InvoicesPaid],
  async handle({ customer }, { transaction: { sql } }: HandlingAlone<SqlTransaction>) {
    const paid = await sql<{ cents: number }>`
      update invoices set is_paid = true where customer = ${customer} and not is_paid returning cents`
    const cents = paid.reduce((sum, invoice) => sum + invoice.cents, 0)
    if (cents === 0) throw new DomainError('nothing-to-pay', `${customer} has no open invoices.`, { customer })
    return decided(new InvoicesPaid({ customer, cents }), { cents })
  },
})
// #endregion sql

// #region boundary
const User = z.object({ user: z.string(), email: z.email() })
class UserRegistered extends Event('user-registered', User, { tags: ({ email }) => [`email:${email}`] }) {}
export class RegisterUser extends Command('register-user', User) {}

const takenBy = boundary({
  events: [UserRegistered],
  matching: ({ email }: RegisterUser) => ({ tags: [`email:${email}`] }),
  initialState: { user: '' },
  evolve: { 'user-registered': (_state, { user }) => ({ user }) },
})

export const registerUser = commandHandler(RegisterUser, {
  stream: ({ user }) => `user-${user}`,
  events: [UserRegistered],
  boundary: takenBy,
  handle(command, { state: { user } }) {
    if (user !== '') throw new DomainError('email-taken', `${command.email} belongs to somebody.`)
    return new UserRegistered(command)
  },
})
// #endregion boundary
