import type { RecordedEvent } from '@writ/event-store'
import type { SubscriptionDefinition } from '../definition/subscription-definition.js'
import type { LogEntry, Portion } from '../reading/log-entry.js'
import { Interruption } from './interruption.js'

/** How events come to a subscription's handlers, and its checkpoint into the store. */
export interface Delivery {
  /** Once, before the first portion. */
  prepare(): Promise<void>
  /**
   * Handles a portion; when it returns, the next one may come.
   *
   * @throws Interruption
   */
  deliver(portion: Portion): Promise<void>
  /**
   * Asked while there is nothing to deliver.
   *
   * @returns the monotonic time
   * @throws Interruption
   */
  check(): number
  /** When it wants to `work` though there is nothing new, in monotonic milliseconds; infinity: not before there is. */
  readonly dueAt: number
  /**
   * Does what is due.
   *
   * @throws Interruption
   */
  work(): Promise<void>
  /** Someone has decided on what is parked. */
  decided(): void
  /** Begins nothing more, and waits for the handlers that are at work. */
  end(): Promise<void>
}

/** Tells how far a subscription has come, whether or not the store knows yet. */
export type Progress = (position: number) => void

/**
 * What of an entry of the log is for a subscription: as a rule one event; none where an older event has become something else.
 *
 * @throws Interruption: an event that can't be read stops the subscription, for to pass over it unseen would lose it
 */
export function eventsFor({ handlers }: SubscriptionDefinition, entry: LogEntry): readonly RecordedEvent[] {
  let events: readonly RecordedEvent[]
  try {
    events = entry.own
  } catch (error) {
    throw new Interruption('given-up', error)
  }
  const isRule = events.length === 1 && handlers.has(events[0]!.type)
  return isRule ? events : events.filter(({ type }) => handlers.has(type))
}
