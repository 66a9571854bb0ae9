import {
  type AnyCommand,
  type AnyEvent,
  type CommandAlreadyHandledError,
  DomainError,
  type EventStore,
  eventsOf,
  hasCode,
  newEvent,
  type Receipt,
  systemRuntime,
} from '@writ/event-store'
import type { ProcessDispatch } from '../src/index.js'
import {
  bankEvents,
  CompleteTransfer,
  DepositMoney,
  MoneyDeposited,
  MoneyRefunded,
  MoneyWithdrawn,
  RefundMoney,
  Refused,
  RefuseTransfer,
  TransferCompleted,
  TransferRefused,
  TransferRequested,
  WithdrawMoney,
} from './bank-messages.js'

export interface Dispatched extends ProcessDispatch {
  readonly command: AnyCommand
}

/** The other side of a process manager, as small as can be: commands with receipts, decided on the streams of one store. */
export class Bank {
  /** What was dispatched, repetitions included. */
  readonly dispatched: Dispatched[] = []
  /** Called before a command is carried out, and after; it may throw or wait. */
  before: (dispatched: Dispatched) => unknown = () => {}
  after: (dispatched: Dispatched) => unknown = () => {}

  constructor(private readonly store: EventStore) {}

  dispatch = async (command: AnyCommand, options: ProcessDispatch): Promise<{ position: number }> => {
    const dispatched = { command, ...options }
    this.dispatched.push(dispatched)
    await this.before(dispatched)
    try {
      return await this.carryOut(command, options)
    } finally {
      await this.after(dispatched)
    }
  }

  /** Something happens that no command has decided. */
  async append(stream: string, ...events: AnyEvent[]): Promise<number> {
    const metadata = { correlationId: `request of ${stream}`, actor: 'ann' }
    const { position } = await this.store.append({
      stream,
      events: events.map((event) => newEvent(event, systemRuntime.uuid(), metadata)),
    })
    return position
  }

  async request(transfer: string, { from = 'ann', to = 'bob', amount = 10 } = {}): Promise<number> {
    return this.append(`transfer-${transfer}`, new TransferRequested({ transfer, from, to, amount }))
  }

  /** The types of a stream's events, in order. */
  async history(stream: string): Promise<string[]> {
    const types: string[] = []
    for await (const { type } of eventsOf(this.store.readStream(stream))) types.push(type)
    return types
  }

  async balance(account: string): Promise<number> {
    return (await this.load(`account-${account}`)).balance
  }

  private async carryOut(command: AnyCommand, { commandId, correlationId }: ProcessDispatch): Promise<{ position: number }> {
    const stream = streamOf(command)
    const { version, balance, isClosed } = await this.load(stream)
    const decision = decide(command, balance, isClosed)
    const refused = DomainError.is(decision)
      ? { code: decision.code, message: decision.message, facts: decision.facts }
      : undefined
    const events = DomainError.is(decision) ? [] : [newEvent(decision, systemRuntime.uuid(), { correlationId: correlationId! })]
    const receipts = [{ commandId, eventsUpTo: events.length, body: JSON.stringify({ refused }) }]
    try {
      const { position } = await this.store.append({ stream, expectedVersion: version, events, receipts })
      if (DomainError.is(decision)) throw decision
      return { position }
    } catch (error) {
      if (hasCode<CommandAlreadyHandledError>(error, 'command-already-handled')) return answerOf(error.receipt)
      if (hasCode(error, 'wrong-expected-version'))
        return this.carryOut(command, { commandId, correlationId: correlationId! } as ProcessDispatch)
      throw error
    }
  }

  private async load(stream: string): Promise<{ version: number; balance: number; isClosed: boolean }> {
    const state = { version: 0, balance: 0, isClosed: false }
    for await (const stored of eventsOf(this.store.readStream(stream))) {
      state.version++
      for (const data of bankEvents.decodeData(stored)) {
        if (data instanceof MoneyDeposited || data instanceof MoneyRefunded) state.balance += data.amount
        if (data instanceof MoneyWithdrawn) state.balance -= data.amount
      }
      if (stored.type === 'account-closed') state.isClosed = true
    }
    return state
  }
}

function streamOf(command: AnyCommand): string {
  if (command instanceof CompleteTransfer || command instanceof RefuseTransfer) return `transfer-${command.transfer}`
  return `account-${(command as DepositMoney).account}`
}

function decide(command: AnyCommand, balance: number, isClosed: boolean): AnyEvent | Refused {
  if (command instanceof WithdrawMoney) {
    const { account, amount, transfer } = command
    if (balance < amount) return new Refused('insufficient-funds', 'Not enough.', { balance })
    return new MoneyWithdrawn({ account, amount, transfer })
  }
  if (command instanceof DepositMoney) {
    const { account, amount, transfer } = command
    if (isClosed) return new Refused('account-closed', 'It is closed.', { account })
    return new MoneyDeposited({ account, amount, transfer })
  }
  if (command instanceof RefundMoney) return new MoneyRefunded({ ...command })
  if (command instanceof CompleteTransfer) return new TransferCompleted({ ...command })
  if (command instanceof RefuseTransfer) return new TransferRefused({ ...command })
  throw new Error('The bank does not know this command.')
}

function answerOf({ body, position }: Receipt): { position: number } {
  const { refused } = JSON.parse(body) as { refused?: { code: 'account-closed'; message: string; facts: object } }
  if (refused) throw new Refused(refused.code, refused.message, refused.facts as Record<string, string>)
  return { position }
}
