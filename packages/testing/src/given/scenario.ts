import { type AggregateDefinition, Aggregates } from '@writ/aggregate'
import { CommandRouter, type Route, routesOf } from '@writ/command-router'
import { type AnyCommand, DomainError, type EventStore, type EventTypes, type Runtime, type Upcaster } from '@writ/event-store'
import { inMemoryEventStore } from '@writ/event-store-memory'
import { testRuntime } from '../runtime/test-runtime.js'
import type { Outcome } from './outcome.js'
import { newEventOf, type PastEvent, typesFor } from './past-event.js'

/** What has happened before, and who decides. */
export interface Scenario<State> {
  readonly aggregate: AggregateDefinition<State>
  /** The events of the stream that the command is for. */
  readonly history: readonly PastEvent[]
  /** Events of other streams. */
  readonly elsewhere: readonly { readonly stream: string; readonly events: readonly PastEvent[] }[]
  /** Who handles commands that the aggregate does not handle itself. */
  readonly handlers: readonly Route[]
  readonly upcasters: readonly Upcaster[]
}

/**
 * Carries out a command as an application would, over a store of its own: validation, stored JSON, receipt and evolving are the real ones.
 */
export async function carryOut<State>(scenario: Scenario<State>, command: AnyCommand): Promise<Outcome<State>> {
  const { aggregate, handlers } = scenario
  const runtime = testRuntime()
  const store = inMemoryEventStore({ runtime, allowInProduction: true })
  await store.start()
  const aggregates = new Aggregates({ store, events: eventTypes(scenario), runtime })
  let stream: string | undefined
  const router = new CommandRouter({
    routes: [...routesOf(aggregate), ...handlers],
    aggregates,
    runtime,
    // Only the router knows the command's stream, and says so here first.
    middleware: [
      async (dispatch, next) => {
        stream = dispatch.stream
        for (const other of scenario.elsewhere) await append(store, other.stream, other.events, runtime)
        await append(store, stream, scenario.history, runtime)
        return next()
      },
    ],
  })
  const stateNow = async () => (await aggregates.stateOf(aggregate, stream!.slice(aggregate.category.length + 1))).state
  try {
    // With an id of its own, so that what it comes to must fit into a receipt.
    const reply = await router.dispatch(command, { commandId: runtime.uuid(), returning: 'events' })
    const events = reply.events.map(({ data }) => data)
    return { kind: 'accepted', events, result: reply.result, state: await stateNow() }
  } catch (error) {
    if (DomainError.is(error)) return { kind: 'refused', error, state: await stateNow() }
    return { kind: 'failed', error }
  } finally {
    await aggregates.stop()
    await store.stop()
  }
}

function eventTypes({ aggregate, history, elsewhere, upcasters }: Scenario<unknown>): EventTypes {
  return typesFor(aggregate.events, [...history, ...elsewhere.flatMap(({ events }) => events)], upcasters)
}

async function append(store: EventStore, stream: string, events: readonly PastEvent[], runtime: Runtime): Promise<void> {
  if (events.length === 0) return
  await store.append({ stream, events: events.map((event) => newEventOf(event, runtime)) })
}
