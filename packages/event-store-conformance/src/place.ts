import type { EventStore, Table } from '@writ/event-store'
import type { Capability } from './capability.js'

/** An empty place for events, and how stores are opened on it: what an adapter gives to the suite. */
export interface Place extends Partial<Hooks> {
  /** Opens one more store on the same data, as another process would have it. The suite starts and stops it. */
  open(options?: StoreOptions): EventStore | Promise<EventStore>
  /** Takes the data away; called once, when all stores are stopped. */
  close?(): Promise<void>
}

/** What a scenario may want of a store; nothing, for all but those of 'hard deletes'. */
export interface StoreOptions {
  /** Whether events may be taken out. */
  readonly allowHardDelete?: boolean
}

/** What scenarios ask of the place beyond the port; each belongs to a capability. */
export interface Hooks {
  /**
   * For 'foreign transactions': opens a transaction on the same server that has nothing to do with the store, has written something
   * and stays open.
   *
   * @returns ends it
   */
  holdForeignTransaction(): Promise<() => Promise<void>>
  /** For 'rewound logs': takes away whatever came after a position, as a restored backup would, and cuts the connections to it. */
  rewind(position: number): Promise<void>
  /**
   * For 'rows': makes an empty table of the user's own, beside the store, which goes with the data. Besides its key it has the columns
   * `amount`, a whole number, and `note`, a text; both may be missing in a row.
   */
  makeTable(): Promise<Table>
  /** For 'joined transactions': begins a transaction as a user would, of whom the store knows nothing. */
  beginTransaction(): Promise<OwnTransaction>
}

/** A transaction of the user's own. */
export interface OwnTransaction {
  /** What `within` takes. */
  readonly client: object
  /** @throws what the store has against the appends: the port's errors, as the adapter tells its users to make them of the driver's */
  commit(): Promise<void>
  rollBack(): Promise<void>
}

const capabilities: Readonly<Record<keyof Hooks, Capability>> = {
  holdForeignTransaction: 'foreign transactions',
  rewind: 'rewound logs',
  makeTable: 'rows',
  beginTransaction: 'joined transactions',
}

/** All hooks of a place; one that it lacks says so when it is called. */
export function hooksOf(place: Place): Hooks {
  const lacking = (name: keyof Hooks) => () => {
    throw new Error(
      `This scenario needs ${name}(): return it from create() beside open(), or name '${capabilities[name]}' in unsupported, with the reason.`,
    )
  }
  return Object.fromEntries(
    (Object.keys(capabilities) as (keyof Hooks)[]).map((name) => [name, place[name]?.bind(place) ?? lacking(name)]),
  ) as unknown as Hooks
}
