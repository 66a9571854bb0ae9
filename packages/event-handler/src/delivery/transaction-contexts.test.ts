import type { RecordedEvent } from '@writ/event-store'
import { TransactionContexts } from './transaction-contexts.js'

const event = { position: 1 } as RecordedEvent
const { signal } = new AbortController()

describe('the context of a projection', () => {
  class Transaction {
    readonly #connection = 'connection'
    readonly sql = (text: string) => `${text} on sql`
    get client() {
      return this.#connection
    }
    query(text: string) {
      return `${text} on ${this.#connection}`
    }
    get missing(): never {
      throw new Error('asked for')
    }
  }

  it('has the handler’s fields and the transaction’s, private ones behind them included', () => {
    const contexts = new TransactionContexts(new Transaction(), 'ledger', signal, undefined)
    const context = contexts.of(event, 2) as unknown as Transaction & {
      attempt: number
      subscription: string
      event: RecordedEvent
    }
    const { sql, query, client, attempt, subscription } = context
    expect(sql('select')).toBe('select on sql')
    expect(query('select')).toBe('select on connection')
    expect({ client, attempt, subscription }).toEqual({ client: 'connection', attempt: 2, subscription: 'ledger' })
    expect(context.event).toBe(event)
  })

  it('reads nothing of the transaction before it is asked for', () => {
    const context = new TransactionContexts(new Transaction(), 'ledger', signal, undefined).of(event, 1) as unknown as Transaction
    expect(() => context.missing).toThrow('asked for')
  })

  it('lets no transaction hide a field of the handler', () => {
    const context = new TransactionContexts({ event: 'not this', signal: 'nor this' }, 'ledger', signal, undefined).of(event, 1)
    expect(context.event).toBe(event)
    expect(context.signal).toBe(signal)
  })
})
