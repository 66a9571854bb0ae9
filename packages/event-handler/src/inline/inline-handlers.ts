import type { Append, EventTypes, RecordedEvent, StoredEvent } from '@writ/event-store'
import { forwardingTo } from '../delivery/transaction-contexts.js'
import type { InlineEvent, InlineHandlerContext } from './inline-context.js'
import type { InlineHandle, InlineProjectionDefinition } from './inline-projection.js'

/** Which handler failed, on what, and with what. */
export interface FailedHandler {
  readonly projection: string
  /** The event's type. */
  readonly event: string
  readonly stream: string
  readonly error: unknown
}

// What is given out under the lock; no handler gets to see it.
const notYet = { position: 0, createdAt: new Date(0) }

/** The handlers of all inline projections, and what they make of appends. */
export class InlineHandlers {
  /** Under which types the events that they handle are stored. */
  private readonly storedTypes: ReadonlySet<string>

  constructor(
    private readonly projections: readonly InlineProjectionDefinition[],
    private readonly types: EventTypes,
  ) {
    this.storedTypes = types.storedTypesOf(projections.flatMap(({ handlers }) => [...handlers.keys()]))
  }

  concern({ events }: Append): boolean {
    for (const { type } of events) if (this.storedTypes.has(type)) return true
    return false
  }

  /**
   * Hands the events to the handlers, in their order.
   *
   * @returns the first that fails; undefined when all are done
   * @throws UndecodableEventError
   */
  async handle(appends: readonly Append[], transaction: object): Promise<FailedHandler | undefined> {
    const below = withoutAppend(transaction)
    for (const append of appends) {
      for (const event of this.decoded(append)) {
        for (const { name: projection, handlers } of this.projections) {
          const handle = handlers.get(event.type)
          const error = handle && (await errorOf(handle, event, contextOf(event, projection, below)))
          if (error) return { projection, event: event.type, stream: append.stream, error: error.thrown }
        }
      }
    }
    return undefined
  }

  /** The events as they will be read. */
  private *decoded({ stream, events, expectedVersion }: Append): Generator<RecordedEvent> {
    const before = expectedVersion === 'no-stream' ? 0 : typeof expectedVersion === 'number' ? expectedVersion : Number.NaN
    for (const [index, event] of events.entries()) {
      if (!this.storedTypes.has(event.type)) continue
      const stored: StoredEvent = { ...event, ...notYet, stream, version: before + index + 1 }
      yield* this.types.decode(stored)
    }
  }
}

async function errorOf(
  handle: InlineHandle,
  { data }: RecordedEvent,
  context: InlineHandlerContext,
): Promise<{ readonly thrown: unknown } | undefined> {
  try {
    await handle(data, context)
    return undefined
  } catch (thrown) {
    return { thrown: thrown ?? new Error('The handler threw nothing.') }
  }
}

function contextOf(
  { position: _, createdAt: __, version, ...known }: RecordedEvent,
  projection: string,
  below: object,
): InlineHandlerContext {
  const event: InlineEvent = { ...known, version: Number.isNaN(version) ? undefined : version }
  return Object.setPrototypeOf({ event, projection }, below)
}

/** An append by a handler would be one more to handle. */
function withoutAppend(transaction: object): object {
  return Object.create(forwardingTo(transaction), { append: { value: undefined } })
}
