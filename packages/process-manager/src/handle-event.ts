// One event of one instance, step by step:
//
//   load ─▶ decide ─▶ journal ─▶ dispatch ─▶ … ─▶ nothing is open: the checkpoint may pass the event
//                        ▲           │
//                        └─ refused ─┘
//
// What stands in the journal is decided, whoever comes to read it; what does not stand there was never decided.

import {
  type AnyCommand,
  type AnyCommandClass,
  commandClassOf,
  DomainError,
  failpoint,
  inheritedFrom,
  type Logger,
  type RecordedEvent,
  type Runtime,
  thrownCode,
  thrownMessage,
} from '@writ/event-store'
import type { ProcessContext, ProcessManagerDefinition, Reaction, Step } from './definition/process-manager-definition.js'
import type { Dispatch } from './dispatch.js'
import { UnhandledCommandError } from './errors/process-errors.js'
import { Instance } from './journal/instance.js'
import type { Instances } from './journal/instances.js'
import { type Journals, journalStream, TakenOver } from './journal/journal.js'
import type { DispatchFailure, HandledEvent, JournalEntry, JournaledCommand, Outcome, Refusal } from './journal/journal-entry.js'

/** What a process manager works with. */
export interface Surroundings {
  readonly definition: ProcessManagerDefinition
  readonly journals: Journals
  readonly commands: ReadonlyMap<string, AnyCommandClass>
  readonly dispatch: Dispatch
  readonly runtime: Runtime
  readonly logger: Logger
}

/** One event at one instance. */
export class EventAtInstance {
  private readonly reaction: Reaction
  private readonly stream: string
  private instance: Instance | undefined

  constructor(
    private readonly surroundings: Surroundings,
    private readonly instances: Instances,
    private readonly context: ProcessContext,
  ) {
    const { name, reactions } = surroundings.definition
    this.reaction = reactions.get(context.event.type)!
    this.stream = journalStream(name, context.instance)
  }

  /**
   * Handles the event, or finishes what an earlier owner has begun; when it returns, none of its commands is open.
   *
   * @throws what a handler throws; what `dispatch` throws, a DomainError aside; what the store throws
   */
  async handle(): Promise<void> {
    if (await this.beginUnread()) return
    for (;;) {
      this.checkSignal()
      try {
        await this.advance(await this.load())
        return
      } catch (error) {
        if (!(error instanceof TakenOver)) throw error
        const { surroundings, context } = this
        const facts = {
          processManager: surroundings.definition.name,
          instance: context.instance,
          position: context.event.position,
        }
        surroundings.logger.info(facts, 'another owner was first in the journal of a process; reading it again')
      }
    }
  }

  /**
   * Takes an instance that an event starts for a new one, without reading: the append of its first entry tells whether it is.
   *
   * @returns false when it is not, and has to be read
   */
  private async beginUnread(): Promise<boolean> {
    const { instances, context } = this
    if (this.reaction.role !== 'start' || instances.get(context.instance)) return false
    this.checkSignal()
    const guessed = Instance.absent(context.instance, this.stream)
    try {
      await this.advance(guessed)
      return true
    } catch (error) {
      if (error instanceof TakenOver) return false
      // Of an instance that is there, it may have failed because it was taken for a new one.
      if (this.instance === guessed && (await this.load()).version > 0) return false
      throw error
    }
  }

  private async load(): Promise<Instance> {
    const { surroundings, instances, context, stream } = this
    const known = instances.get(context.instance)
    if (known) return known
    const instance = Instance.read(context.instance, stream, await surroundings.journals.last(stream))
    if (instance.version > 0) instances.put(instance)
    return instance
  }

  private async advance(instance: Instance): Promise<void> {
    const handled = compared(instance.entry, this.context.event)
    // Those of earlier events are settled: the events are handled one after the other.
    if (handled > 0) return
    this.instance = instance
    if (handled < 0 && !(await this.decide(instance))) return
    await this.settle()
  }

  /** Decides on the event and journals that; false when the event is none of this instance's. */
  private async decide(instance: Instance): Promise<boolean> {
    const { context, reaction } = this
    if (!instance.isUnderWay && reaction.role !== 'start') return false
    const step = await reaction.react(instance.isUnderWay ? instance.entry?.state : undefined, context.event.data, context)
    failpoint('pm.beforeJournal')
    // Commands of an earlier event that are still open were passed over by the error policy, and stay undone.
    await this.journal(instance, step, instance.outcomes, [], reaction.role === 'end')
    failpoint('pm.afterJournal')
    return true
  }

  /** Dispatches the open commands in their order, and whatever follows from refusals, until none is open. */
  private async settle(): Promise<void> {
    for (let instance = this.instance!; instance.open.length > 0; instance = this.instance!) {
      this.checkSignal()
      const outcome = await this.dispatch(instance, instance.open[0]!)
      failpoint('pm.afterDispatch')
      if ('refused' in outcome) await this.refused(instance, outcome)
      else instance.accept(outcome)
    }
  }

  private async dispatch(instance: Instance, command: JournaledCommand): Promise<Outcome> {
    const { id: causationId, metadata } = this.context.event
    const { id } = command
    failpoint('pm.beforeDispatch')
    try {
      const { position } = await this.surroundings.dispatch(this.messageOf(instance, command), {
        commandId: id,
        causationId,
        causationDepth: (metadata.causationDepth ?? 0) + 1,
        ...inheritedFrom(metadata),
      })
      return { command: id, accepted: { position } }
    } catch (error) {
      if (!DomainError.is(error)) {
        instance.hold({ command: id, failed: failureOf(error) })
        throw error
      }
      const { code, message, facts } = error
      return { command: id, refused: { code, message, facts } }
    }
  }

  /** The first of the open commands was refused: what follows from that is an entry of its own. */
  private async refused(instance: Instance, outcome: Outcome & { readonly refused: Refusal }): Promise<void> {
    // Told with the next entry, also if what follows from it should fail.
    instance.hold(outcome)
    const [command, ...open] = instance.open
    const entry = instance.entry!
    const step = (await this.reactToRefusal(entry, this.messageOf(instance, command!), outcome.refused)) ?? {
      state: entry.state,
      commands: [],
    }
    await this.journal(instance, step, instance.outcomes, open, entry.ended)
    failpoint('pm.afterOutcome')
  }

  private async reactToRefusal({ state }: JournalEntry, command: AnyCommand, { code, message, facts }: Refusal) {
    const { surroundings, context } = this
    const { definition, logger } = surroundings
    const { type } = commandClassOf(command)
    const rejection = definition.rejections.get(type)
    // As the receipt tells it, also at the first time: a handler sees the same before and after a crash.
    if (rejection) return rejection.react(state, command, new DomainError(code, message, facts), context)
    const told = { processManager: definition.name, instance: context.instance, command: type, code }
    logger.warn(told, 'a command of a process was refused, and its manager has no @Rejected for it')
    return undefined
  }

  private async journal(
    instance: Instance,
    { state, commands }: Step,
    outcomes: readonly Outcome[],
    open: readonly JournaledCommand[],
    ended: boolean,
  ): Promise<void> {
    const { surroundings, context, instances } = this
    const decided = new Map<string, AnyCommand>(
      open.flatMap(({ id }) => (instance.decided.has(id) ? [[id, instance.decided.get(id)!] as const] : [])),
    )
    const added = commands.map((command) => {
      const journaled = this.journaled(command)
      decided.set(journaled.id, command)
      return journaled
    })
    const entry: JournalEntry = {
      event: handledEvent(context.event),
      ...(state !== undefined && { state }),
      outcomes,
      commands: [...open, ...added],
      ended,
    }
    try {
      await surroundings.journals.append(instance.stream, instance.version, entry, context.event)
    } catch (error) {
      // Whether it was written can only be told by reading.
      instances.drop(instance.id)
      throw error
    }
    this.instance = instance.after(entry, decided)
    instances.put(this.instance)
  }

  private journaled(command: AnyCommand): JournaledCommand {
    const { commands, runtime } = this.surroundings
    const commandClass = commandClassOf(command)
    const { type } = commandClass
    // What could not be dispatched must not be journaled: it could never be finished.
    if (!commands.has(type)) throw this.unhandled(type)
    return { id: runtime.uuid(), type, data: commandClass.encode(command) }
  }

  private messageOf({ decided }: Instance, { id, type, data }: JournaledCommand): AnyCommand {
    const command = decided.get(id)
    if (command) return command
    const commandClass = this.surroundings.commands.get(type)
    if (!commandClass) throw this.unhandled(type)
    return commandClass.restore(data)
  }

  private unhandled(type: string): UnhandledCommandError {
    const { definition, commands } = this.surroundings
    return new UnhandledCommandError(definition.name, type, commands.keys())
  }

  /** What stands in the journal waits for the next owner. */
  private checkSignal(): void {
    if (this.context.signal.aborted) throw new Error('The subscription was asked to stop, or has lost its lease.')
  }
}

function failureOf(error: unknown): DispatchFailure {
  const code = thrownCode(error)
  return { message: thrownMessage(error), ...(code !== undefined && { code }) }
}

function handledEvent({ id, type, stream, version, position, part }: RecordedEvent): HandledEvent {
  return { id, type, stream, version, position, part }
}

/** Below 0 where the entry is of an earlier event than this one, 0 where it is of this very one. */
function compared(entry: JournalEntry | undefined, { position, part }: RecordedEvent): number {
  if (entry === undefined) return -1
  return entry.event.position - position || entry.event.part - part
}
