import type { RecordedEvent } from '@writ/event-store'
import type { LogEntry, Portion } from '../reading/log-entry.js'
import { Interruption } from './interruption.js'

/** How events come to a subscription's handlers, and its checkpoint into the store. */
export interface Delivery {
  /** Once, before the first portion. */
  prepare(): Promise<void>
  /**
   * Handles a portion in order; when it returns, all of it is finished.
   *
   * @throws Interruption
   */
  deliver(portion: Portion): Promise<void>
}

/** Tells how far a subscription has come, whether or not the store knows yet. */
export type Progress = (position: number) => void

/** @throws Interruption: an event that can't be read stops the subscription, for to pass over it unseen would lose it */
export function eventOf(entry: LogEntry): RecordedEvent {
  try {
    return entry.event
  } catch (error) {
    throw new Interruption('given-up', error)
  }
}
