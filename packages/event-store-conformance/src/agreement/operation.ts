import type { ExpectedVersion } from '@writ/event-store'

// Streams, types, tags, commands, subscriptions and event ids are numbers: each list of operations has names of its own for them.
// A place is the number of an event in the order of the log, counted from 1 within the list; 0 is where the list began.

/** One thing that is asked of two stores, which must answer alike. */
export type Operation =
  | AppendOperation
  | RepeatOperation
  | TogetherOperation
  | SeveralOperation
  | StreamOperation
  | ReadOperation
  | SideOperation

export interface AppendOperation {
  readonly kind: 'append'
  readonly stream: number
  readonly events: readonly EventGiven[]
  /** `seen`: so many versions beyond what the stream has. */
  readonly expects?: ExpectedVersion | { readonly seen: number }
  readonly condition?: { readonly query: QueryGiven; readonly after: number }
  /** Links to the events at these places, behind the events. */
  readonly links?: readonly { readonly id: number; readonly place: number }[]
  readonly receipts?: readonly { readonly command: number; readonly eventsUpTo: number; readonly body: string }[]
  /** By which of two processes. */
  readonly by?: number
}

export interface EventGiven {
  readonly id: number
  readonly type: number
  readonly schemaVersion: number
  readonly data: string
  readonly metadata: string
  readonly tags: readonly number[]
}

export interface QueryGiven {
  readonly items: readonly { readonly types?: readonly number[]; readonly tags?: readonly number[] }[]
}

/** Asks an earlier append again, as it was or with a change. */
export interface RepeatOperation {
  readonly kind: 'repeat'
  /** Which of the earlier appends: its number modulo how many there were. */
  readonly which: number
  readonly change?:
    | 'first data'
    | 'stream'
    | 'order'
    | 'only the first event'
    | 'one event more'
    | 'expected version'
    | 'metadata'
  readonly by?: number
}

/** Appends that are under way at the same time: the outcome must be that of one of their orders. */
export interface TogetherOperation {
  readonly kind: 'together'
  readonly appends: readonly (AppendOperation | RepeatOperation)[]
}

/** Appends of which all are stored or none: by one call, or collected by a transaction whose work may fail. */
export type SeveralOperation =
  | { readonly kind: 'append all'; readonly appends: readonly AppendOperation[] }
  | { readonly kind: 'transaction'; readonly appends: readonly AppendOperation[]; readonly fails: boolean }

/** What is asked and done about a stream as a whole. */
export type StreamOperation =
  | { readonly kind: 'stream info'; readonly stream: number }
  | { readonly kind: 'delete stream'; readonly stream: number; readonly expects?: ExpectedVersion; readonly hard?: boolean }
  | { readonly kind: 'truncate stream'; readonly stream: number; readonly before: number; readonly hard?: boolean }
  | {
      /** All pages of the list's own streams, of even or odd numbers. */
      readonly kind: 'list streams'
      readonly parity: number
      /** Only this one and those whose numbers begin with it. */
      readonly search: number | undefined
      readonly category: string | undefined
      readonly after: number | undefined
      readonly limit: number
    }

export type ReadOperation =
  | { readonly kind: 'read stream'; readonly stream: number; readonly options: ReadGiven }
  | { readonly kind: 'read all'; readonly options: ReadAllGiven }
  | { readonly kind: 'head' }
  /** By the ids of earlier appends, as `which` of a repetition; these are looked up. */
  | { readonly kind: 'find events'; readonly which: readonly number[]; readonly ids?: readonly number[] }

export interface ReadGiven {
  /** A version, or a place. */
  readonly from?: number
  readonly to?: number
  readonly direction?: 'forwards' | 'backwards'
  readonly limit?: number
  readonly pageSize?: number
  readonly durable?: boolean
}

export interface ReadAllGiven extends ReadGiven {
  readonly query?: QueryGiven
  readonly stream?: readonly number[]
  readonly category?: string
  readonly correlationId?: string
}

/** What stands beside the log. A lease is one of those that were acquired earlier in the list; where there is none, nothing is asked. */
export type SideOperation =
  | { readonly kind: 'find receipt'; readonly command: number }
  | {
      readonly kind: 'save snapshot'
      readonly stream: number
      readonly version: number
      readonly schemaVersion: number
      readonly state: string
    }
  | { readonly kind: 'load snapshot'; readonly stream: number; readonly schemaVersion: number }
  | { readonly kind: 'delete snapshots'; readonly stream: number }
  | { readonly kind: 'register'; readonly subscription: number; readonly startAfter: number; readonly partitions: number }
  | {
      readonly kind: 'acquire'
      readonly subscription: number
      readonly partition: number
      readonly owner: number
      readonly lease: LeaseTime
    }
  | { readonly kind: 'renew'; readonly which: number; readonly lease: LeaseTime }
  | { readonly kind: 'release'; readonly which: number }
  | { readonly kind: 'advance'; readonly which: number; readonly position: number }
  | { readonly kind: 'advance with an effect'; readonly which: number; readonly position: number; readonly fails: boolean }
  | { readonly kind: 'list checkpoints'; readonly subscription: number }
  | SharedOperation
  | ParkedOperation
  | VersionOperation

/** What processes and people do with subscriptions. */
export type SharedOperation =
  | { readonly kind: 'heartbeat'; readonly owner: number; readonly lease: LeaseTime }
  | { readonly kind: 'leave'; readonly owner: number }
  | { readonly kind: 'pause'; readonly subscription: number }
  | { readonly kind: 'resume'; readonly subscription: number }
  | { readonly kind: 'reset'; readonly subscription: number; readonly position: number; readonly fails: boolean }
  | { readonly kind: 'delete subscription'; readonly subscription: number }

export interface ParkedName {
  readonly sequence: number
  readonly position: number
  readonly part: number
}

export interface ParkedGiven extends ParkedName {
  /** How often it has failed; undefined: it waits. */
  readonly attempts: number | undefined
  readonly retry: 'now' | 'later' | undefined
}

/** What is put aside; its positions are numbers of its own, not places. */
export type ParkedOperation =
  | {
      readonly kind: 'advance and park'
      readonly which: number
      readonly position: number
      readonly park: readonly ParkedGiven[]
      readonly unpark: readonly ParkedName[]
      /** In the transaction of an effect; undefined: without one. */
      readonly effect: 'succeeds' | 'fails' | undefined
    }
  | {
      readonly kind: 'list parked'
      readonly subscription: number
      readonly which: 'all' | 'due' | 'woken' | 'of a sequence'
      readonly after: number | undefined
      readonly limit: number | undefined
    }
  | {
      readonly kind: 'decide parked'
      readonly subscription: number
      readonly decision: 'retry' | 'discard'
      readonly sequence: number | undefined
      readonly position: number | undefined
    }
  | { readonly kind: 'edit parked'; readonly subscription: number; readonly name: ParkedName; readonly data: string | undefined }

export type VersionOperation =
  | {
      readonly kind: 'swap'
      readonly projection: number
      readonly from: number | undefined
      readonly to: number
      readonly fails: boolean
    }
  | { readonly kind: 'live version'; readonly projection: number }

/** The clocks of two stores are not one, so that a lease is over at once or outlives the list. */
export type LeaseTime = 'long' | 'over at once'
