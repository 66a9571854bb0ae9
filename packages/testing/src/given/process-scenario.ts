import {
  type AnyCommand,
  type AnyCommandClass,
  commandClassOf,
  type DomainError,
  type EventStore,
  type EventTypes,
  eventsOf,
  type RecordedEvent,
  type Upcaster,
} from '@writ/event-store'
import { inMemoryEventStore } from '@writ/event-store-memory'
import {
  type Dispatch,
  type JournalEntry,
  ProcessAdvanced,
  type ProcessManagerDefinition,
  processSubscription,
  type Rejection,
  type Step,
} from '@writ/process-manager'
import { isSame } from '../difference.js'
import { testRuntime } from '../runtime/test-runtime.js'
import { newEventOf, type PastEvent, typesFor } from './past-event.js'

/** What has happened to a process, and which of its commands the domain refuses. */
export interface ProcessScenario {
  readonly manager: ProcessManagerDefinition
  readonly history: readonly PastEvent[]
  readonly refusals: readonly Refused[]
  readonly upcasters: readonly Upcaster[]
}

export interface Refused {
  readonly command: AnyCommand
  readonly error: DomainError
}

/** What followed from the last event, or from the last refusal. */
export type ProcessOutcome =
  | {
      readonly kind: 'handled'
      /** Decided because of it, in order. */
      readonly commands: readonly AnyCommand[]
      readonly hasEnded: boolean
      /** All that was sent before, for messages. */
      readonly sentBefore: readonly AnyCommand[]
      /** Refusals of commands that were never sent. */
      readonly unused: readonly Refused[]
    }
  | { readonly kind: 'failed'; readonly error: unknown }

/**
 * Runs a process manager as an application would, journal included; its commands are accepted, or refused as the scenario says.
 *
 * @param from what the outcome begins with: the last event of the history, or the last refusal
 */
export async function runProcess(scenario: ProcessScenario, from: 'event' | 'refusal'): Promise<ProcessOutcome> {
  const process = new ProcessRun(scenario)
  try {
    await process.store.start()
    return await process.run(from)
  } catch (error) {
    return { kind: 'failed', error }
  } finally {
    await process.store.stop()
  }
}

/** A process wants to send a command whose class was not known before: it begins again, and is told the class. */
class NewCommandClass extends Error {}

class ProcessRun {
  readonly runtime = testRuntime()
  readonly store: EventStore = inMemoryEventStore({ runtime: this.runtime, allowInProduction: true })
  private readonly history: readonly PastEvent[]
  private readonly definition: ProcessManagerDefinition
  private readonly types: EventTypes
  private readonly commands: Map<string, AnyCommandClass>
  private readonly unused: Refused[]
  private readonly refusedIds = new Map<string, DomainError>()
  private refusedAt = 0
  /** What a handler has decided and nobody has journaled yet: it is not asked twice. */
  private kept: Step | undefined

  constructor({ manager, history, refusals, upcasters }: ProcessScenario) {
    this.unused = [...refusals]
    this.types = typesFor([...manager.events, ProcessAdvanced], history, upcasters)
    this.commands = new Map([...manager.rejections.values()].map(({ command }) => [command.type, command]))
    this.definition = this.watched(manager)
    this.history = history
  }

  async run(from: 'event' | 'refusal'): Promise<ProcessOutcome> {
    let began = 0
    for (const event of this.history) {
      began = (await this.store.head()).position
      await this.handle(event)
    }
    return this.outcomeSince(from === 'event' ? began : this.refusedAt)
  }

  private async handle(event: PastEvent): Promise<void> {
    const { runtime, store } = this
    const { position } = await store.append({ stream: 'given-1', events: [newEventOf(event, runtime)] })
    for (const recorded of await this.eventsAt(position)) await this.deliver(recorded)
  }

  private async deliver(recorded: RecordedEvent): Promise<void> {
    const { runtime, store } = this
    for (;;) {
      const { name, handlers, state } = processSubscription(this.definition, {
        store,
        runtime,
        commands: this.commands.values(),
        dispatch: this.dispatch,
      })
      const context = {
        event: recorded,
        subscription: name,
        attempt: 1,
        signal: new AbortController().signal,
        state: state?.({ partition: 0, partitions: 1 }),
      }
      try {
        await handlers.get(recorded.type)?.(recorded.data, context)
        return
      } catch (error) {
        if (!(error instanceof NewCommandClass)) throw error
      }
    }
  }

  private readonly dispatch: Dispatch = async (command, { commandId }) => {
    const known = this.refusedIds.get(commandId)
    if (known) throw known
    const { position } = await this.store.head()
    const index = this.unused.findIndex((refused) => isSame(command, refused.command))
    if (index < 0) return { position }
    const [{ error }] = this.unused.splice(index, 1) as [Refused]
    this.refusedIds.set(commandId, error)
    this.refusedAt = position
    throw error
  }

  private watched(manager: ProcessManagerDefinition): ProcessManagerDefinition {
    const watch =
      <Args extends readonly unknown[]>(react: (...args: Args) => Step | Promise<Step>) =>
      async (...args: Args) => {
        const step = this.kept ?? (await react(...args))
        this.kept = undefined
        const classes = step.commands.map(commandClassOf).filter(({ type }) => !this.commands.has(type))
        if (classes.length === 0) return step
        for (const commandClass of classes) this.commands.set(commandClass.type, commandClass)
        this.kept = step
        throw new NewCommandClass()
      }
    const entries = [...manager.rejections].map(([type, rejection]): [string, Rejection] => [
      type,
      { ...rejection, react: watch(rejection.react) },
    ])
    return {
      ...manager,
      reactions: new Map([...manager.reactions].map(([type, one]) => [type, { ...one, react: watch(one.react) }])),
      rejections: new Map(entries),
    }
  }

  private async outcomeSince(began: number): Promise<ProcessOutcome> {
    const sent = new Map<string, AnyCommand>()
    const sentBefore: AnyCommand[] = []
    let hasEnded = false
    const journal = this.store.readAll({ query: { items: [{ types: [ProcessAdvanced.type] }] } })
    for await (const stored of eventsOf(journal)) {
      const entry = JSON.parse(stored.data) as JournalEntry
      hasEnded = entry.ended
      for (const { id, type, data } of entry.commands) {
        if (sent.has(id)) continue
        const command = this.commands.get(type)!.restore(data)
        sent.set(id, command)
        if (stored.position <= began) sentBefore.push(command)
      }
    }
    const commands = [...sent.values()].slice(sentBefore.length)
    return { kind: 'handled', commands, hasEnded, sentBefore, unused: this.unused }
  }

  private async eventsAt(position: number): Promise<readonly RecordedEvent[]> {
    for await (const stored of eventsOf(this.store.readAll({ after: position - 1, limit: 1 }))) return this.types.decode(stored)
    throw new Error(`There is no event at position ${position}.`)
  }
}
