import type { EventStore } from '@writ/event-store'
import { InMemoryLog } from '@writ/event-store-memory'
import type { SubscriptionDefinition } from '../src/index.js'
import { type ProcessOptions, type TestProcess, testProcess } from './test-process.js'

/** The processes of one test over one log; `afterEach` stops them. */
export class Running {
  log = new InMemoryLog()
  private processes: TestProcess[] = []

  async open(
    definitions: readonly SubscriptionDefinition[],
    options: ProcessOptions = {},
  ): Promise<TestProcess & { store: EventStore }> {
    const opened = await testProcess(this.log, definitions, options)
    this.processes.push(opened)
    return opened
  }

  async start(
    definitions: readonly SubscriptionDefinition[],
    options: ProcessOptions = {},
  ): Promise<TestProcess & { store: EventStore }> {
    const opened = await this.open(definitions, options)
    await opened.subscriptions.start()
    return opened
  }

  async stop(): Promise<void> {
    await Promise.all(this.processes.splice(0).map((one) => one.stop()))
    this.log = new InMemoryLog()
  }
}
