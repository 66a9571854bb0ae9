import { type AnyCommand, type Class, commandClassOf, type DomainError } from '@writ/event-store'
import { type ProcessManagerDefinition, processManagerOf } from '@writ/process-manager'
import { nameOf, type PastEvent, type PastOptions } from './past-event.js'
import { type ProcessScenario, runProcess } from './process-scenario.js'
import { ThenProcess } from './then-process.js'

/**
 * Begins a test of a process manager: it has handled these events, and its commands were accepted.
 *
 * @param manager a class with `@ProcessManager`; an instance of it, made with the services that the test wants; or a value of
 *   `processManager({ … })`
 * @param history the events, in order, also such as earlier years stored them: `{ type, schemaVersion, data }`
 * @param options.upcasters what events of earlier years are today
 * @example await givenProcess(TransferProcess, [requested]).when(withdrawn).thenCommands([new DepositMoney({ … })])
 */
export function givenProcess(
  manager: Class<object> | ProcessManagerDefinition | object,
  history: readonly PastEvent[] = [],
  { upcasters = [] }: PastOptions = {},
) {
  return new GivenProcess({ manager: definitionOf(manager), history, refusals: [], upcasters })
}

/** What has happened to a process. */
export class GivenProcess {
  constructor(private readonly scenario: ProcessScenario) {}

  /** One of the commands that it has sent was refused. */
  andRejected(command: AnyCommand, error: DomainError): GivenProcess {
    return new GivenProcess({ ...this.scenario, refusals: [...this.scenario.refusals, { command, error }] })
  }

  /** The event whose consequences matter. */
  when(event: PastEvent): ThenProcess {
    const { history } = this.scenario
    return thenOf({ ...this.scenario, history: [...history, event] }, 'event', nameOf(event))
  }

  /** A command that it has sent is refused; what follows from that matters. */
  whenRejected(command: AnyCommand, error: DomainError): ThenProcess {
    const { scenario } = this.andRejected(command, error)
    return thenOf(scenario, 'refusal', `${commandClassOf(command).name} rejected`)
  }
}

function thenOf(scenario: ProcessScenario, from: 'event' | 'refusal', subject: string): ThenProcess {
  let outcome: ReturnType<typeof runProcess> | undefined
  return new ThenProcess(`${scenario.manager.name}, ${subject}`, () => (outcome ??= runProcess(scenario, from)))
}

function definitionOf(manager: Class<object> | ProcessManagerDefinition | object): ProcessManagerDefinition {
  if (typeof manager === 'function') return processManagerOf(manager as Class<object>, () => new (manager as new () => object)())
  if ('reactions' in manager && 'rejections' in manager) return manager as ProcessManagerDefinition
  return processManagerOf(manager.constructor as Class<object>, () => manager)
}
