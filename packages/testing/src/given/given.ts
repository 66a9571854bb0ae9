import { type AggregateDefinition, aggregateOf } from '@writ/aggregate'
import { commandHandlerOf, type Route } from '@writ/command-router'
import { type AnyCommand, type Class, commandClassOf } from '@writ/event-store'
import type { PastEvent, PastOptions } from './past-event.js'
import { carryOut, type Scenario } from './scenario.js'
import { Then } from './then.js'

/**
 * Begins a test of an aggregate: these events have happened to it.
 *
 * @param aggregate a class with `@Aggregate`, or a value of `aggregate({ … })`
 * @param history the events of its stream, in order, also such as earlier years stored them: `{ type, schemaVersion, data }`; none by default
 * @param options.upcasters what events of earlier years are today
 * @example await given(Account, [opened]).when(new DepositMoney({ … })).thenEvents([new MoneyDeposited({ … })])
 */
export function given<State>(
  aggregate: Class<State & object> | AggregateDefinition<State>,
  history: readonly PastEvent[] = [],
  { upcasters = [] }: PastOptions = {},
): Given<State> {
  const definition = typeof aggregate === 'function' ? (aggregateOf(aggregate) as AggregateDefinition<State>) : aggregate
  return new Given({ aggregate: definition, history, elsewhere: [], handlers: [], upcasters })
}

/** What has happened. */
export class Given<State> {
  constructor(private readonly scenario: Scenario<State>) {}

  /** These events have happened to another stream: what a boundary may find. */
  andIn(stream: string, events: readonly PastEvent[]): Given<State> {
    const { elsewhere } = this.scenario
    return new Given({ ...this.scenario, elsewhere: [...elsewhere, { stream, events }] })
  }

  /**
   * Commands that the aggregate does not handle itself are for this handler.
   *
   * @param handler an instance of a class with `@CommandHandler`, made with the services that the test wants; or a value of `route(…)`
   */
  handledBy(handler: object | Route): Given<State> {
    const { handlers } = this.scenario
    return new Given({ ...this.scenario, handlers: [...handlers, routeOf(handler)] })
  }

  /** The command whose outcome matters; it is carried out once, when the first `then…` asks for it. */
  when<C extends AnyCommand>(command: C): Then<C, State> {
    let outcome: ReturnType<typeof carryOut<State>> | undefined
    return new Then(commandClassOf(command).name, () => (outcome ??= carryOut(this.scenario, command)))
  }
}

function routeOf(handler: object | Route): Route {
  if (isRoute(handler)) return handler
  return commandHandlerOf(handler.constructor as Class<object>, () => handler, aggregateOf)
}

function isRoute(handler: object): handler is Route {
  return 'commandClass' in handler && 'decide' in handler
}
