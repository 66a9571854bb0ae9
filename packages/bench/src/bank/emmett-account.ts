import { CommandHandler, type CommandHandlerRetryOptions, type Event, IllegalStateError } from '@event-driven-io/emmett'
import type { MoneyInOrOut, Opening } from './values.js'

type Metadata = {
  readonly correlationId: string
  readonly causationId: string
}

export type AccountOpened = Event<'account-opened', Opening, Metadata>
export type MoneyDeposited = Event<'money-deposited', MoneyInOrOut, Metadata>
export type AccountEvent = AccountOpened | MoneyDeposited

interface Account {
  readonly status: 'absent' | 'open'
  readonly balance: number
}

const initialState = (): Account => ({ status: 'absent', balance: 0 })

function evolve(account: Account, { type, data }: AccountEvent): Account {
  switch (type) {
    case 'account-opened':
      return { status: 'open', balance: data.balance }
    case 'money-deposited':
      return { ...account, balance: account.balance + data.amount }
  }
}

export function deposit({ status }: Account, data: MoneyInOrOut, metadata: Metadata): MoneyDeposited {
  if (status !== 'open') throw new IllegalStateError('The account is not open.')
  return { type: 'money-deposited', data, metadata }
}

export function accountHandler(retry: CommandHandlerRetryOptions) {
  return CommandHandler<Account, AccountEvent>({ evolve, initialState, mapToStreamId: (account) => `account-${account}`, retry })
}
