/**
 * Events that a subscription could not handle and has put aside, so that it can go on: each holds up the later ones of its sequence, which
 * are put aside behind it.
 *
 * Only the holder of a lease changes what is parked, with the checkpoint and under its fence (`ParkingChanges`). People note what they
 * want done, and the holder does it.
 */
export interface ParkedEvents {
  /** The sequences that have parked events: what whoever takes a lease must know. */
  sequences(subscription: string): Promise<readonly string[]>
  /**
   * Those that are to be handled or discarded now, by the store's clock: what stands first in its sequence, if its time has come, if it
   * never failed itself, or if it was decided to be; and what stands behind one that is due and is so itself. One that was decided to be
   * discarded is due wherever it stands.
   *
   * @returns in the order of position and part. The events of one position are never cut in two: there may be more than the limit.
   */
  due(subscription: string, options?: ParkedPage & DueOptions): Promise<readonly ParkedEvent[]>
  /** All of them, or those of one sequence; ordered and limited as `due` is. */
  list(subscription: string, options?: ParkedPage & { readonly sequence?: string }): Promise<readonly ParkedEvent[]>
  /**
   * Notes what is to become of parked events: of all, or of those that fit. The last decision counts.
   *
   * @returns how many it concerned
   */
  decide(subscription: string, decision: ParkingDecision, which?: Partial<ParkedEventName>): Promise<number>
  /**
   * Notes what is to be handled in the place of an event, in whichever of its sequences; the log stays as it is. Undefined takes it back.
   *
   * @param edited JSON text of an object
   * @throws UnknownParkedEventError
   */
  edit(subscription: string, name: ParkedEventName, edited: string | undefined): Promise<void>
}

export interface ParkedPage {
  /** Only beyond this position; 0 by default. */
  readonly after?: number
  /** About so many at most: 1 to 1,000, 100 by default. */
  readonly limit?: number
}

export interface DueOptions {
  /**
   * Only of sequences in which the time of an event has come, or someone has decided on one; what does not wait for either is left out. To
   * look for these costs the same however many are parked. False by default.
   */
  readonly woken?: boolean
}

export interface ParkedEventName {
  /** What keeps its order: the value of `partitionBy`, or the stream. */
  readonly sequence: string
  readonly position: number
  /** Which one it is of those that the stored event became, from 0. */
  readonly part: number
}

/** What is parked and taken out together with a checkpoint: at most 1,000 events, each once. */
export interface ParkingChanges {
  /** One that is parked already gets its new failure and retry time; a decision to retry it is over, one to discard it and its edits stay. */
  readonly park?: readonly NewParkedEvent[]
  /** One that is not parked is no error. */
  readonly unpark?: readonly ParkedEventName[]
}

export interface NewParkedEvent extends ParkedEventName {
  readonly type: string
  readonly stream: string
  /** Undefined where it did not fail, but waits behind an earlier one of its sequence. */
  readonly failure?: ParkedFailure | undefined
  /** Milliseconds until it is tried again by itself; undefined: not before someone decides it. */
  readonly retryIn?: number | undefined
}

export interface ParkedFailure {
  /** Oldest first; how many are kept is up to whoever parks it. */
  readonly attempts: readonly FailedAttempt[]
}

export interface FailedAttempt {
  readonly error: { readonly name?: string | undefined; readonly code?: string | undefined; readonly message: string }
  /** ISO 8601. */
  readonly at: string
}

export type ParkingDecision = 'retry' | 'discard'

export interface ParkedEvent extends ParkedEventName {
  readonly subscription: string
  readonly type: string
  readonly stream: string
  readonly failure: ParkedFailure | undefined
  /** When it was parked first, by the store's clock. */
  readonly parkedAt: Date
  /** Milliseconds until it is tried again by itself, 0 where that time has come. */
  readonly retryIn: number | undefined
  /** What someone has decided, and nobody has carried out yet. */
  readonly decision: ParkingDecision | undefined
  /** What is to be handled in its place: the JSON text, as it was given. */
  readonly edited: string | undefined
}
