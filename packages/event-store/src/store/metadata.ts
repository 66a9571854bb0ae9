import { UndecodableEventError } from '../errors/event-type-errors.js'
import type { JsonObject } from '../messages/plain-json.js'
import type { StoredEvent } from './stored-event.js'

/** A place in a distributed trace, as the W3C's Trace Context writes it. */
export interface TraceContext {
  /** Such as `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`. */
  readonly traceparent: string
  readonly tracestate?: string
}

/** What is known of an event besides what happened. */
export interface EventMetadata {
  /** Shared by everything that follows from one request. */
  readonly correlationId?: string
  /** The id of the direct cause: of the command that decided the event. */
  readonly causationId?: string
  /** The id of what caused that command, such as the event that a handler answered with it; absent when it came from outside. */
  readonly commandCausationId?: string
  /** How many events, each the cause of the next, led to that command; absent when it came from outside. */
  readonly causationDepth?: number
  /** Who did it, as the application names its users and services. */
  readonly actor?: string
  /** Whose data it is, where one application serves several customers. */
  readonly tenant?: string
  /** Where the request's trace has come to, so that what follows from the event goes on with it. */
  readonly trace?: TraceContext
  /** The user's own, apart from what Writ knows of. */
  readonly user?: JsonObject
}

/** What goes on from an event to whatever follows from it. */
export type InheritedMetadata = Pick<EventMetadata, 'correlationId' | 'actor' | 'tenant' | 'trace'>

/** What follows from an event shares this with it; without what the event does not say. */
export function inheritedFrom({ correlationId, actor, tenant, trace }: EventMetadata): InheritedMetadata {
  return {
    ...(correlationId !== undefined && { correlationId }),
    ...(actor !== undefined && { actor }),
    ...(tenant !== undefined && { tenant }),
    ...(trace !== undefined && { trace }),
  }
}

const plainId = /^[\w-]+$/

/** As JSON. The two ids that most have are written down by hand: every command does it once, and JSON.stringify takes ten times as long. */
export function metadataText(metadata: EventMetadata): string {
  const { correlationId = '', causationId = '' } = metadata
  for (const key in metadata) if (key !== 'correlationId' && key !== 'causationId') return JSON.stringify(metadata)
  const isPlain = plainId.test(correlationId) && (causationId === correlationId || plainId.test(causationId))
  if (!isPlain) return JSON.stringify(metadata)
  // Joined, so that it is one text: one that is added up keeps all its parts.
  return ['{"correlationId":"', correlationId, '","causationId":"', causationId, '"}'].join('')
}

/** @throws UndecodableEventError */
export function metadataOf(stored: StoredEvent): EventMetadata {
  try {
    return JSON.parse(stored.metadata)
  } catch (cause) {
    throw new UndecodableEventError(stored, 'its metadata is not JSON', { cause })
  }
}
