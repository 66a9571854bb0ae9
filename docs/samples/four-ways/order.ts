import { model, updated } from '@writ/aggregate'
import { Command } from '@writ/event-store'
import { z } from 'zod'
import { orderRows } from './by-hand.js'

export class AddLine extends Command(
  'add-line',
  z.object({ order: z.string(), customer: z.string(), product: z.string(), amount: z.int() }),
) {}

export const order = model({
  category: 'order',
  identity: 'order',
  storedIn: orderRows,
  commands: [AddLine],
  initialState: { customer: '', lines: [] as readonly { readonly product: string; readonly amount: number }[] },
  decide: {
    'add-line': ({ lines }, { customer, product, amount }) => updated({ customer, lines: [...lines, { product, amount }] }),
  },
})
