import { RecordingLogger } from '@writ/build-tools'
import { type SubscriptionDefinition, Subscriptions } from '@writ/event-handler'
import { type EventStore, EventTypes } from '@writ/event-store'
import { InMemoryLog, inMemoryEventStore } from '@writ/event-store-memory'
import { ProcessAdvanced, type ProcessManagerDefinition, processSubscription } from '../src/index.js'
import { Bank } from './bank.js'
import { bankCommands, bankEventClasses } from './bank-messages.js'

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
    { handlers = [], cacheSize = 10_000 }: { handlers?: readonly SubscriptionDefinition[]; cacheSize?: number } = {},
  ): Promise<RunningProcess> {
    const store = inMemoryEventStore({ log: this.log })
    await store.start()
    const bank = new Bank(store)
    const logger = new RecordingLogger()
    const subscriptions = new Subscriptions({ store, events: new EventTypes([...bankEventClasses, ProcessAdvanced]), logger })
    subscriptions.add(
      processSubscription(definition, { store, commands: bankCommands, dispatch: bank.dispatch, logger, cacheSize }),
    )
    for (const handler of handlers) subscriptions.add(handler)
    await subscriptions.start()
    const settled = async () => {
      for (let position = -1; ; ) {
        const head = await store.head()
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
        await store.stop()
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
