import { Subscriptions } from '@writ/event-handler'
import type { EventStore, Logger } from '@writ/event-store'
import { InMemoryLog, inMemoryEventStore } from '@writ/event-store-memory'
import { type ProcessManagerDefinition, processSubscription } from '../src/index.js'
import { Bank } from './bank.js'
import { bankCommands, bankEvents } from './bank-messages.js'
import { RecordingLogger } from './recording-logger.js'

export interface RunningProcess {
  readonly store: EventStore
  readonly bank: Bank
  readonly subscriptions: Subscriptions
  readonly logger: RecordingLogger
  /** Resolves when everything that is stored now has been handled. */
  settled(): Promise<void>
  stop(): Promise<void>
}

/** The processes of one test over one log; `afterEach` stops them. */
export class Processes {
  log = new InMemoryLog()
  private running: RunningProcess[] = []

  async start(
    definition: ProcessManagerDefinition,
    { wrap = (store) => store, cacheSize = 10_000 }: { wrap?: (store: EventStore) => EventStore; cacheSize?: number } = {},
  ): Promise<RunningProcess> {
    const inner: EventStore = inMemoryEventStore({ log: this.log })
    await inner.start()
    const store = wrap(inner)
    const bank = new Bank(inner)
    const logger = new RecordingLogger()
    const subscriptions = new Subscriptions({ store, events: bankEvents, logger: logger as Logger })
    subscriptions.add(
      processSubscription(definition, { store, commands: bankCommands, dispatch: bank.dispatch, logger, cacheSize }),
    )
    await subscriptions.start()
    const settled = async () => {
      for (let position = -1; ; ) {
        const head = await inner.head()
        if (head.position === position) return
        position = head.position
        await subscriptions.waitFor(position, [definition.name])
      }
    }
    const running: RunningProcess = {
      store,
      bank,
      subscriptions,
      logger,
      settled,
      stop: async () => {
        await subscriptions.stop()
        await inner.stop()
      },
    }
    this.running.push(running)
    return running
  }

  async stop(): Promise<void> {
    await Promise.all(this.running.splice(0).map((one) => one.stop()))
    this.log = new InMemoryLog()
  }
}
