import {
  type AnyEvent,
  type Append,
  type Appended,
  type AppendsTogether,
  checkAppend,
  commandClassOf,
  DomainError,
  eventClassOf,
  type Receipt,
  TransactionEndedError,
} from '@writ/event-store'
import { CommandDeadlockError } from '../errors/command-deadlock-error.js'
import { handlerAtWork } from '../execution/at-work.js'
import type { CommandExecution, Executed } from '../execution/command-execution.js'
import { answerOf, receiptFor } from '../execution/receipt-body.js'
import { type DecidedOn, DecidingWithin } from './deciding-within.js'
import type { ScopeSurroundings } from './scope-surroundings.js'
import { StatesWithin, takeIn } from './states-within.js'
import { StreamWithin } from './stream-within.js'

/** What a command came to within a transaction that is not committed yet. */
export interface DecidedWithin {
  readonly commandId: string
  readonly stream: string
  /** The stream's version after the command, if the transaction is committed. */
  readonly version: number | undefined
  readonly events: readonly AnyEvent[]
  /** Where they were to be told. */
  readonly types?: readonly string[] | undefined
  readonly result: unknown
  /** Where it was wanted. */
  readonly state: unknown
  /** Whether it had been handled before this transaction. */
  readonly repeated: Executed | undefined
  /** The handler refused it. */
  readonly refusal: DomainError | undefined
  /** After how many of the transaction's events to this stream it stands. */
  readonly end: number
}

interface ScopeOptions {
  /** Whether the store is asked for the receipt of a command with a given id; the append refuses it in any case. */
  readonly looksForReceipts: boolean
  /** Refuses streams that whoever has begun the transaction can't write to in it. */
  readonly checkStream?: (stream: string) => void
}

/**
 * Commands within one transaction of the store: each decides on what is stored and on what the transaction has decided before it, one
 * after another. What they come to is held back, and handed over together as the transaction's last step.
 */
export class TransactionScope {
  private readonly streams = new Map<string, StreamWithin>()
  private readonly states: StatesWithin
  private readonly deciding: DecidingWithin
  private readonly handled = new Map<string, { readonly fingerprint: string; readonly decided: DecidedWithin }>()
  private busy: Promise<unknown> = Promise.resolve()
  private hasEnded = false
  private decisions = 0

  constructor(
    private readonly transaction: AppendsTogether,
    surroundings: ScopeSurroundings,
    private readonly options: ScopeOptions,
  ) {
    this.states = new StatesWithin(transaction, surroundings)
    this.deciding = new DecidingWithin(transaction, surroundings, this.states, this.streams)
  }

  /**
   * Lets a command be decided on. A refusal is an answer here, and undoes nothing but the command.
   *
   * @throws what the handler throws otherwise, InvalidDecisionError and its kin
   * @throws CommandDeadlockError where the handler of another one in this transaction waits for it
   * @throws ConflictsWithItselfError where a handler that decides on that stream has begun the transaction
   * @throws RowTakenError, WrongExpectedVersionError where another writer was first
   */
  execute(execution: CommandExecution): Promise<DecidedWithin> {
    const { place } = this.deciding
    const sender = handlerAtWork()
    if (place && sender?.wouldWaitForItself(place)) {
      const { type } = commandClassOf(execution.command)
      return Promise.reject(new CommandDeadlockError(type, execution.stream, place.stream, true))
    }
    const executed = this.busy.then(() => this.executeOnce(execution))
    this.busy = executed.catch(() => {})
    return executed
  }

  /**
   * @returns gives the answer to it when the transaction is committed
   * @throws ConflictsWithItselfError where a handler that decides on that stream has begun the transaction
   */
  append(append: Append, instances: readonly AnyEvent[]): (appended: ReadonlyMap<string, Appended>) => Appended {
    this.refuseEnded('append')
    checkAppend(append)
    this.options.checkStream?.(append.stream)
    const known = this.streams.get(append.stream)
    const stream = known ?? new StreamWithin(append.stream, append.expectedVersion)
    if (known) stream.add(append, instances)
    else stream.addFirst(append, instances)
    this.streams.set(append.stream, stream)
    const end = stream.events.length
    takeIn(stream, instances)
    return (appended) => stream.appendedAfter(end, appended.get(append.stream)!)
  }

  /** Takes no more, and hands over what there is, when the command under way is decided. */
  async handOver(): Promise<void> {
    this.end()
    await this.busy
    for (const append of this.appends) this.transaction.append(append)
  }

  /** Takes no more. */
  end(): void {
    this.hasEnded = true
  }

  /** Whether the last that was done was to add a row, and it has not succeeded. */
  get isInserting(): boolean {
    return this.deciding.isInserting
  }

  /** What it comes to: an append for each stream. */
  get appends(): readonly Append[] {
    return [...this.streams.values()].map((stream) => stream.append)
  }

  /** Whether commands have decided in it, so that it rests on more than what its work expects itself. */
  get hasDecided(): boolean {
    return this.decisions > 0
  }

  /** What a command came to, now that the transaction is committed. */
  executed(decision: DecidedWithin, appended: ReadonlyMap<string, Appended>): Executed {
    const { commandId, stream, events, types, result, state, repeated, end } = decision
    if (repeated) return repeated
    const { version, position } = this.streams.get(stream)!.appendedAfter(end, appended.get(stream)!)
    return {
      commandId,
      stream,
      version,
      position,
      eventCount: events.length,
      result,
      repeated: false,
      ...(types && { types }),
      ...(state !== undefined && { state }),
    }
  }

  private async executeOnce(execution: CommandExecution): Promise<DecidedWithin> {
    this.refuseEnded('dispatch')
    const { receipt, commandId, stream } = execution
    this.options.checkStream?.(stream)
    if (receipt && this.options.looksForReceipts) {
      const earlier = this.handled.get(commandId)
      if (earlier?.fingerprint === receipt.fingerprint) return asWanted(earlier.decided, execution)
      const found = await this.transaction.reads.receipts.find(commandId)
      if (found) return this.repeated(found, execution)
    }
    this.decisions++
    const decision = this.note(await this.deciding.decide(execution))
    if (receipt) this.handled.set(commandId, { fingerprint: receipt.fingerprint, decided: decision })
    return asWanted(decision, execution)
  }

  /** What a command came to that was handled before the transaction. */
  private async repeated(receipt: Receipt, execution: CommandExecution): Promise<DecidedWithin> {
    const { commandId, stream, version } = receipt
    const nothing = { commandId, stream, version, events: [], result: undefined, state: undefined, end: 0 }
    try {
      const executed = answerOf(receipt, execution)
      const state = execution.wants === 'state' ? await this.states.storedAt(execution, version) : undefined
      return { ...nothing, result: executed.result, state, repeated: executed, refusal: undefined }
    } catch (error) {
      if (DomainError.is(error)) return { ...nothing, repeated: undefined, refusal: error }
      throw error
    }
  }

  private note({ command, stream, state }: DecidedOn): DecidedWithin {
    const { execution, events, newEvents, condition, answer: result, refusal } = command
    const receipts = execution.receipt ? [receiptFor(command, newEvents.length)] : []
    stream.add({ stream: stream.name, events: newEvents, receipts, ...(condition && { condition }) }, events)
    return {
      commandId: execution.commandId,
      stream: stream.name,
      version: stream.version,
      events,
      types: execution.tellsTypes ? events.map((event) => eventClassOf(event).type) : undefined,
      result,
      state,
      repeated: undefined,
      refusal,
      end: stream.events.length,
    }
  }

  private refuseEnded(used: string): void {
    if (this.hasEnded) throw new TransactionEndedError(used)
  }
}

/** With the state, which is the asker's to keep, only where it was asked for. */
function asWanted(decided: DecidedWithin, { aggregate, wants }: CommandExecution): DecidedWithin {
  return { ...decided, state: wants === 'state' && !aggregate.isStateless ? aggregate.copy(decided.state) : undefined }
}
