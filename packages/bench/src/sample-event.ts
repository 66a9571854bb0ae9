import { randomUUID } from 'node:crypto'

/** The event that every system stores: as JSON text, its data and metadata weigh 217 bytes together. */
export interface SampleEvent {
  readonly type: 'money-deposited'
  readonly data: { readonly account: string; readonly amount: number; readonly currency: string; readonly transfer: string }
  readonly metadata: { readonly correlationId: string; readonly actor: string }
}

/** A new account's first deposit. Its ids are random, as those of real accounts: indexes feel the difference. */
export function sampleEvent(): SampleEvent {
  const account = randomUUID()
  return {
    type: 'money-deposited',
    data: { account, amount: 125, currency: 'EUR', transfer: randomUUID() },
    metadata: { correlationId: account, actor: 'teller-17@north.bank' },
  }
}

export function streamOf(event: SampleEvent): string {
  return `account-${event.data.account}`
}
