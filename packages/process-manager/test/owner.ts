import { type EventStore, type EventTypes, eventsOf, type RecordedEvent } from '@writ/event-store'
import { type InMemoryLog, inMemoryEventStore } from '@writ/event-store-memory'
import { type ProcessManagerDefinition, processSubscription } from '../src/index.js'
import { Bank } from './bank.js'
import { bankCommands, bankEvents } from './bank-messages.js'

/** Called before and after each append to a journal and each dispatch; what it returns is waited for. */
export type AtStep = (step: number) => Promise<void> | void

/**
 * One process that runs a process manager, delivered to by hand: it can be held at each of its steps, and what holds it forever is its
 * death.
 */
export class Owner {
  readonly bank: Bank
  /** How many steps it has taken. */
  steps = 0
  private readonly lease = new AbortController()
  private readonly store: EventStore
  private readonly handlers: ReturnType<typeof processSubscription>['handlers']
  private readonly state: unknown

  constructor(
    log: InMemoryLog,
    definition: ProcessManagerDefinition,
    private readonly atStep: AtStep = () => {},
    private readonly types: EventTypes = bankEvents,
  ) {
    this.store = inMemoryEventStore({ log })
    this.bank = new Bank(this.store)
    const journals: EventStore = Object.assign(Object.create(this.store), {
      append: (append: Parameters<EventStore['append']>[0]) => this.step(() => this.store.append(append)),
    })
    const { handlers, state } = processSubscription(definition, {
      store: journals,
      commands: bankCommands,
      dispatch: (command, options) => this.step(() => this.bank.dispatch(command, options)),
    })
    this.handlers = handlers
    this.state = state?.({ partition: 0, partitions: 1 })
  }

  async start(): Promise<this> {
    await this.store.start()
    return this
  }

  loseLease(): void {
    this.lease.abort()
  }

  /** Delivers one event. */
  async deliver(event: RecordedEvent): Promise<void> {
    const { state } = this
    const context = { event, subscription: 'transfer', attempt: 1, signal: this.lease.signal, state }
    await this.handlers.get(event.type)?.(event.data, context)
  }

  /** Delivers everything after a checkpoint, and what comes of it, until there is nothing more. @returns the last position */
  async run(checkpoint = 0): Promise<number> {
    let position = checkpoint
    for (;;) {
      const before = position
      for await (const stored of eventsOf(this.store.readAll({ after: position, limit: 1 }))) {
        if (!stored.stream.startsWith('$')) for (const event of this.types.decode(stored)) await this.deliver(event)
        position = stored.position
      }
      if (position === before) return position
    }
  }

  /** All that has happened, stream by stream; the journals aside. */
  async outcome(): Promise<Record<string, string[]>> {
    const streams: Record<string, string[]> = {}
    for await (const { stream, type, data } of eventsOf(this.store.readAll())) {
      if (stream.startsWith('$')) continue
      streams[stream] = [...(streams[stream] ?? []), `${type} ${data}`]
    }
    return streams
  }

  private async step<T>(work: () => Promise<T>): Promise<T> {
    await this.atStep(++this.steps)
    try {
      return await work()
    } finally {
      await this.atStep(++this.steps)
    }
  }
}
