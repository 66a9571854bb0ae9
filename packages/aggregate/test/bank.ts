import { type AnyCommand, commandClassOf, type EventStore, EventTypes, type Logger, systemRuntime } from '@writ/event-store'
import { InMemoryLog, inMemoryEventStore } from '@writ/event-store-memory'
import {
  type AggregateDefinition,
  Aggregates,
  type AggregatesOptions,
  type CommandExecution,
  type Executed,
} from '../src/index.js'
import { accountEvents } from './account.js'
import { ControlledStore } from './controlled-store.js'

/** Aggregates over a store that a test controls. */
export interface Bank {
  readonly aggregates: Aggregates
  readonly store: ControlledStore
  readonly log: InMemoryLog
  readonly warnings: string[]
  execute(command: AnyCommand, options?: Partial<CommandExecution>): Promise<Executed>
  stateOf(account?: string): Promise<{ state: unknown; version: number; position: number }>
}

export interface BankOptions extends Partial<AggregatesOptions> {
  /** Another process on the same data. */
  readonly log?: InMemoryLog
  readonly wrapped?: EventStore
}

export async function bankOf(
  definition: AggregateDefinition,
  { log = new InMemoryLog(), wrapped, ...options }: BankOptions = {},
): Promise<Bank> {
  const store = new ControlledStore(wrapped ?? inMemoryEventStore({ log }))
  await store.start()
  const warnings: string[] = []
  const note = (_facts: object, message: string) => void warnings.push(message)
  const logger: Logger = { debug: note, info: note, warn: note, error: note }
  const aggregates = new Aggregates({ store, events: new EventTypes(accountEvents), logger, ...options })
  return {
    aggregates,
    store,
    log,
    warnings,
    execute: (command, given) => aggregates.execute(executionOf(definition, command, given)),
    stateOf: (account = 'ann') => aggregates.stateOf(definition, account),
  }
}

/** Executions without a given id leave no receipt; `given('x')` gives one. */
export function executionOf(
  definition: AggregateDefinition,
  command: AnyCommand,
  given: Partial<CommandExecution> = {},
): CommandExecution {
  const commandId = given.commandId ?? systemRuntime.uuid()
  const identity = (command as unknown as Record<string, string>)[definition.identity]
  return {
    aggregate: definition,
    stream: `${definition.category}-${identity}`,
    command,
    commandId,
    metadata: { correlationId: commandId, causationId: commandId },
    decide: definition.decide.get(commandClassOf(command).type)!,
    retries: 10,
    ...given,
  }
}

/** An id that the sender gave. */
export function given(commandId: string, fingerprint = commandId): Partial<CommandExecution> {
  return { commandId, receipt: { fingerprint } }
}
