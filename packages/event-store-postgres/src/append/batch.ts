import type { Append, Appended, NewEvent } from '@writ/event-store'

/** An append that a caller waits for. */
export interface WaitingAppend {
  readonly append: Append
  /** How long its texts are together, in UTF-16 units. */
  readonly size: number
  readonly accept: (appended: Appended) => void
  readonly refuse: (error: unknown) => void
  /** Those that it is written together with, all or none. */
  readonly group?: AppendGroup
}

/** Appends to several streams that are written all or none. */
export interface AppendGroup {
  readonly parts: readonly WaitingAppend[]
  /** How many of them are first in their lanes. */
  arrived: number
}

/** What stands for one stream in a batch: one append, or several of any version that follow one another, written as one. */
export interface BatchEntry {
  readonly stream: string
  readonly events: readonly NewEvent[]
  readonly parts: readonly WaitingAppend[]
}

export type Batch = readonly BatchEntry[]

/** As much of a batch's entry as the server is told. */
export type EncodedEntry = Pick<BatchEntry, 'stream' | 'events'> & { readonly parts: readonly Pick<WaitingAppend, 'append'>[] }

export function entryOf(parts: readonly WaitingAppend[]): BatchEntry {
  const { append } = parts[0]!
  const events = parts.length === 1 ? append.events : parts.flatMap((part) => part.append.events)
  return { stream: append.stream, events, parts }
}

/** Whether an append may be written as one with those of its stream before and after it: nothing that it says could refuse it. */
export function isMergeable({ events, expectedVersion, condition, receipts }: Append): boolean {
  return (
    (expectedVersion === undefined || expectedVersion === 'any') &&
    condition === undefined &&
    events.length > 0 &&
    (receipts?.length ?? 0) === 0
  )
}
