import {
  type AnyEvent,
  type Append,
  type Appended,
  type AppendsTogether,
  checkAppend,
  DomainError,
  type EventStore,
  type EventTypes,
  eventClassOf,
  failpoint,
  type Logger,
  type Receipt,
  type Runtime,
  TransactionEndedError,
} from '@writ/event-store'
import type { AggregateDefinition, Handling, StoredIn } from '../definition/decider.js'
import type { Decision } from '../definition/decision.js'
import { decided } from '../definition/decision.js'
import { DecisionInSteps } from '../definition/steps.js'
import { Updated } from '../definition/updated.js'
import { InvalidDecisionError } from '../errors/decision-errors.js'
import { RowTakenError } from '../errors/row-taken-error.js'
import type { CommandExecution, Executed } from '../execution/command-execution.js'
import { conclude } from '../execution/conclude.js'
import { PendingCommand } from '../execution/pending-command.js'
import { answerOf, receiptFor } from '../execution/receipt-body.js'
import { runSteps } from '../execution/run-steps.js'
import { applyEvent } from '../state/apply-event.js'
import type { ConfirmedState } from '../state/confirmed-state.js'
import { loadState, type StateSource } from '../state/load-state.js'
import { changesBetween } from '../state/state-changes.js'
import { BoundariesWithin } from './boundaries-within.js'
import { identityIn } from './identity-in.js'
import { StreamWithin } from './stream-within.js'

export interface ScopeSurroundings {
  readonly store: EventStore
  readonly events: EventTypes
  readonly logger: Logger
  readonly runtime: Runtime
  /** What is known of a stream, as something to go on from. */
  knownOf(stream: string): ConfirmedState | undefined
}

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

const without: Handling = Object.freeze({ boundary: Object.freeze([]), state: undefined })

/**
 * Commands within one transaction of the store: each decides on what is stored and on what the transaction has decided before it, one
 * after another. What they come to is held back, and handed over together as the transaction's last step.
 */
export class TransactionScope {
  private readonly streams = new Map<string, StreamWithin>()
  private readonly source: StateSource
  private readonly handled = new Map<string, { readonly fingerprint: string; readonly decided: DecidedWithin }>()
  private readonly boundaries: BoundariesWithin
  private busy: Promise<unknown> = Promise.resolve()
  private hasEnded = false
  private decisions = 0
  /** Whether the last that was done was to add a row, and it has not succeeded. */
  isInserting = false

  constructor(
    private readonly transaction: AppendsTogether,
    private readonly surroundings: ScopeSurroundings,
    /** Whether the store is asked for the receipt of a command with a given id; the append refuses it in any case. */
    private readonly options: { readonly looksForReceipts: boolean },
  ) {
    const { store, events, logger } = surroundings
    this.boundaries = new BoundariesWithin(transaction, surroundings, this.streams)
    this.source = {
      events,
      logger,
      store: {
        readStream: (stream, options) => transaction.reads.readStream(stream, options),
        snapshots: {
          load: (stream, version) => transaction.reads.snapshots.load(stream, version),
          delete: (stream) => store.snapshots.delete(stream),
        },
        streams: store.streams,
      },
    }
  }

  /**
   * Lets a command be decided on. A refusal is an answer here, and undoes nothing but the command.
   *
   * @throws what the handler throws otherwise, InvalidDecisionError and its kin
   * @throws RowTakenError, WrongExpectedVersionError where another writer was first
   */
  execute(execution: CommandExecution): Promise<DecidedWithin> {
    const executed = this.busy.then(() => this.executeOnce(execution))
    this.busy = executed.catch(() => {})
    return executed
  }

  /** @returns gives the answer to it when the transaction is committed */
  append(append: Append, instances: readonly AnyEvent[]): (appended: ReadonlyMap<string, Appended>) => Appended {
    this.refuseEnded('append')
    checkAppend(append)
    const known = this.streams.get(append.stream)
    const stream = known ?? new StreamWithin(append.stream, append.expectedVersion)
    if (known) stream.add(append, instances)
    else stream.addFirst(append, instances)
    this.streams.set(append.stream, stream)
    const end = stream.events.length
    if (stream.state) this.takeIn(stream, instances)
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
    const { receipt, commandId } = execution
    if (receipt && this.options.looksForReceipts) {
      const earlier = this.handled.get(commandId)
      if (earlier?.fingerprint === receipt.fingerprint) return asWanted(earlier.decided, execution)
      const found = await this.transaction.reads.receipts.find(commandId)
      if (found) return this.repeated(found, execution)
    }
    this.decisions++
    const decision = await this.decide(execution)
    if (receipt) this.handled.set(commandId, { fingerprint: receipt.fingerprint, decided: decision })
    return asWanted(decision, execution)
  }

  /** What a command came to that was handled before the transaction. */
  private async repeated(receipt: Receipt, execution: CommandExecution): Promise<DecidedWithin> {
    const { commandId, stream, version } = receipt
    const nothing = { commandId, stream, version, events: [], result: undefined, state: undefined, end: 0 }
    try {
      const executed = answerOf(receipt, execution)
      const state = execution.wants === 'state' ? await this.stateAfter(execution, version) : undefined
      return { ...nothing, result: executed.result, state, repeated: executed, refusal: undefined }
    } catch (error) {
      if (DomainError.is(error)) return { ...nothing, repeated: undefined, refusal: error }
      throw error
    }
  }

  /** As the stored events tell it; where only the row does, as it is now. */
  private async stateAfter({ aggregate, stream }: CommandExecution, toVersion: number): Promise<unknown> {
    const { stored } = aggregate
    if (stored?.changedBy !== 'decisions') return (await loadState(this.source, aggregate, stream, { toVersion })).confirmed.state
    const row = await stored.rows.read(this.transaction, identityIn(stream, aggregate))
    return row ? stored.restore(row.state) : aggregate.initialState()
  }

  private decide(execution: CommandExecution): Promise<DecidedWithin> {
    const { stored, isStateless } = execution.aggregate
    if (isStateless) return this.decideWithoutState(execution)
    return stored ? this.decideOnRow(execution, stored) : this.decideOnEvents(execution)
  }

  private async decideOnEvents(execution: CommandExecution): Promise<DecidedWithin> {
    const { aggregate } = execution
    const stream = this.streamOf(execution.stream)
    const before = await this.stateOf(aggregate, stream)
    const command = await this.decideOn(execution, Object.freeze(aggregate.copy(before)), stream.version!)
    const state = evolved(aggregate, before, command.events, stream.name, stream.version!)
    stream.state = { aggregate, state }
    return this.note(command, stream, state)
  }

  private async decideOnRow(execution: CommandExecution, stored: StoredIn): Promise<DecidedWithin> {
    const { aggregate } = execution
    const { rows, changedBy, restore, fieldsOf } = stored
    const identity = identityIn(execution.stream, aggregate)
    const row = await rows.load(this.transaction, identity)
    const version = row?.version ?? 0
    const stream = this.streamOf(execution.stream)
    if (stream.version === undefined) stream.begins(version - stream.events.length)
    const before = row ? restore(row.state) : aggregate.initialState()
    // A class whose decisions change the state does so in its own fields.
    const given = changedBy === 'events' ? Object.freeze(aggregate.copy(before)) : aggregate.copy(before)
    const command = await this.decideOn(execution, given, version)
    if (command.refusal) return this.note(command, stream, before)
    const after =
      changedBy === 'events' ? evolved(aggregate, before, command.events, stream.name, version) : (command.updated ?? given)
    if (command.events.length > 0 || changesBetween(before, after).length > 0) {
      const next = { state: fieldsOf(after), version: version + command.events.length }
      this.isInserting = row === undefined
      const isSaved = row
        ? await rows.update(this.transaction, identity, next)
        : await rows.insert(this.transaction, identity, next)
      this.isInserting = false
      if (isSaved === false) throw new RowTakenError(stream.name)
      failpoint('stored.saved')
    }
    return this.note(command, stream, after)
  }

  private async decideWithoutState(execution: CommandExecution): Promise<DecidedWithin> {
    const stream = this.streamOf(execution.stream)
    let command: DecidedCommand | undefined
    try {
      await this.transaction.part(async () => {
        command = await this.decideOn(execution, undefined, 0)
        // What it has changed in rows is undone.
        if (command.refusal) throw command.refusal
      })
    } catch (error) {
      if (command === undefined || error !== command.refusal) throw error
    }
    return this.note(command!, stream, undefined)
  }

  private async decideOn(execution: CommandExecution, state: unknown, version: number): Promise<DecidedCommand> {
    const { aggregate, command: message, decide } = execution
    const command = new DecidedCommand(execution, ignored, ignored, Number.POSITIVE_INFINITY)
    try {
      const handling = execution.boundary ? await this.boundaries.read(command) : without
      let decision: unknown = await decide(
        state,
        message,
        aggregate.isStateless ? { ...handling, transaction: this.transaction } : handling,
      )
      const areEvents = aggregate.stored?.changedBy !== 'decisions'
      if (Updated.is(decision) && !areEvents) {
        command.updated = aggregate.stored!.restore(aggregate.stored!.fieldsOf(decision.state))
        decision = decided(decision.events, decision.result)
      } else if (DecisionInSteps.is(decision)) {
        if (!areEvents || aggregate.isStateless)
          throw new InvalidDecisionError(decide.name, 'steps, and no event changes the state between them')
        decision = await runSteps(decision, execution, state, version)
      }
      conclude(command, decision as Decision, this.surroundings.runtime)
    } catch (error) {
      if (!DomainError.is(error)) throw error
      command.refusal = error
    }
    return command
  }

  private async stateOf(aggregate: AggregateDefinition, stream: StreamWithin): Promise<unknown> {
    if (stream.state) return stream.state.state
    const from = this.surroundings.knownOf(stream.name)
    const { confirmed } = await loadState(this.source, aggregate, stream.name, { from })
    stream.begins(confirmed.version)
    return evolved(aggregate, confirmed.state, stream.instances, stream.name, confirmed.version)
  }

  /** Events that were appended by hand to a stream on which a command has decided. */
  private takeIn(stream: StreamWithin, instances: readonly AnyEvent[]): void {
    const { aggregate, state } = stream.state!
    stream.state = { aggregate, state: evolved(aggregate, state, instances, stream.name, stream.version! - instances.length) }
  }

  private streamOf(name: string): StreamWithin {
    const stream = this.streams.get(name) ?? new StreamWithin(name, undefined)
    this.streams.set(name, stream)
    return stream
  }

  private note(command: DecidedCommand, stream: StreamWithin, state: unknown): DecidedWithin {
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

class DecidedCommand extends PendingCommand {
  /** The next state, where the decision gave it. */
  updated: unknown = undefined
}

const ignored = () => {}

/** With the state, which is the asker's to keep, only where it was asked for. */
function asWanted(decided: DecidedWithin, { aggregate, wants }: CommandExecution): DecidedWithin {
  return { ...decided, state: wants === 'state' && !aggregate.isStateless ? aggregate.copy(decided.state) : undefined }
}

function evolved(
  aggregate: AggregateDefinition,
  before: unknown,
  events: readonly AnyEvent[],
  stream: string,
  version: number,
): unknown {
  let state = aggregate.copy(before)
  for (const [index, event] of events.entries())
    state = applyEvent(aggregate, state, event, stream, version + index + 1, undefined)
  return state
}
