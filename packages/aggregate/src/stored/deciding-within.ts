import { type AppendsTogether, DomainError, failpoint } from '@writ/event-store'
import type { Handling, StoredIn } from '../definition/decider.js'
import type { Decision } from '../definition/decision.js'
import { decided } from '../definition/decision.js'
import { DecisionInSteps } from '../definition/steps.js'
import { Updated } from '../definition/updated.js'
import { InvalidDecisionError } from '../errors/decision-errors.js'
import { RowTakenError } from '../errors/row-taken-error.js'
import { handlerAtWork, type Place, whileAtWork } from '../execution/at-work.js'
import type { CommandExecution } from '../execution/command-execution.js'
import { conclude } from '../execution/conclude.js'
import { PendingCommand } from '../execution/pending-command.js'
import { runSteps } from '../execution/run-steps.js'
import { changesBetween } from '../state/state-changes.js'
import { BoundariesWithin } from './boundaries-within.js'
import { identityIn } from './identity-in.js'
import type { ScopeSurroundings } from './scope-surroundings.js'
import { evolved, type StatesWithin } from './states-within.js'
import { StreamWithin } from './stream-within.js'

/** A command that was decided on, the stream that it is for, and the state after it. */
export interface DecidedOn {
  readonly command: DecidedCommand
  readonly stream: StreamWithin
  readonly state: unknown
}

const without: Handling = Object.freeze({ boundary: Object.freeze([]), state: undefined })

/** How one command is decided on within a transaction: on the state that its events tell, on a row, or on none. */
export class DecidingWithin {
  /** Whether the last that was done was to add a row, and it has not succeeded. */
  isInserting = false
  /** Where those that follow wait for whoever decides. */
  place: Place | undefined
  private readonly boundaries: BoundariesWithin

  constructor(
    private readonly transaction: AppendsTogether,
    private readonly surroundings: ScopeSurroundings,
    private readonly states: StatesWithin,
    private readonly streams: Map<string, StreamWithin>,
  ) {
    this.boundaries = new BoundariesWithin(transaction, surroundings, streams)
  }

  /**
   * A refusal is the command's; nothing of it is in the transaction then.
   *
   * @throws what the handler throws otherwise, InvalidDecisionError and its kin
   * @throws RowTakenError, WrongExpectedVersionError where another writer was first
   */
  decide(execution: CommandExecution): Promise<DecidedOn> {
    const { stored, isStateless } = execution.aggregate
    if (isStateless) return this.withoutState(execution)
    return stored ? this.onRow(execution, stored) : this.onEvents(execution)
  }

  private async onEvents(execution: CommandExecution): Promise<DecidedOn> {
    const { aggregate } = execution
    const stream = this.streamOf(execution.stream)
    const before = await this.states.of(aggregate, stream)
    const command = await this.run(execution, Object.freeze(aggregate.copy(before)), stream.version!)
    const state = evolved(aggregate, before, command.events, stream.name, stream.version!)
    stream.state = { aggregate, state }
    return { command, stream, state }
  }

  private async onRow(execution: CommandExecution, stored: StoredIn): Promise<DecidedOn> {
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
    const command = await this.run(execution, given, version)
    if (command.refusal) return { command, stream, state: before }
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
    return { command, stream, state: after }
  }

  private async withoutState(execution: CommandExecution): Promise<DecidedOn> {
    const stream = this.streamOf(execution.stream)
    let command: DecidedCommand | undefined
    try {
      await this.transaction.part(async () => {
        command = await this.run(execution, undefined, 0)
        // What it has changed in rows is undone.
        if (command.refusal) throw command.refusal
      })
    } catch (error) {
      if (command === undefined || error !== command.refusal) throw error
    }
    return { command: command!, stream, state: undefined }
  }

  private streamOf(name: string): StreamWithin {
    const stream = this.streams.get(name) ?? new StreamWithin(name, undefined)
    this.streams.set(name, stream)
    return stream
  }

  private async run(execution: CommandExecution, state: unknown, version: number): Promise<DecidedCommand> {
    const { aggregate, command: message, decide } = execution
    const command = new DecidedCommand(execution, ignored, ignored, Number.POSITIVE_INFINITY)
    try {
      const handling = execution.boundary ? await this.boundaries.read(command) : without
      const given = aggregate.isStateless ? { ...handling, transaction: this.transaction } : handling
      let decision: unknown = await this.atWork(execution, () => decide(state, message, given))
      const areEvents = aggregate.stored?.changedBy !== 'decisions'
      if (Updated.is(decision) && !areEvents) {
        command.updated = aggregate.stored!.restore(aggregate.stored!.fieldsOf(decision.state))
        decision = decided(decision.events, decision.result)
      } else if (DecisionInSteps.is(decision)) {
        if (!areEvents || aggregate.isStateless)
          throw new InvalidDecisionError(decide.name, 'steps, and no event changes the state between them')
        const steps = decision
        decision = await this.atWork(execution, () => runSteps(steps, execution, state, version))
      }
      conclude(command, decision as Decision, this.surroundings.runtime)
    } catch (error) {
      if (!DomainError.is(error)) throw error
      command.refuse(error)
      if (command.failed) throw command.failure
    }
    return command
  }

  private atWork<T>({ stream }: CommandExecution, work: () => T): T {
    this.place = { stream, handler: undefined }
    return whileAtWork({ place: this.place, sender: handlerAtWork() }, work)
  }
}

export class DecidedCommand extends PendingCommand {
  /** The next state, where the decision gave it. */
  updated: unknown = undefined
}

const ignored = () => {}
