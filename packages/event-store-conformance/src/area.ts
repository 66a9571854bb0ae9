import { randomUUID } from 'node:crypto'
import type { EventStore } from '@writ/event-store'
import type { Capability, Unsupported } from './capability.js'

/** One empty store of the adapter under test. */
export interface Opened {
  readonly store: EventStore
  /** A second, independent store on the same data: what another process would have. */
  another(): Promise<EventStore>
  /** Stops all of them and takes the data away. */
  close(): Promise<void>
}

/** What a scenario has to work with. Its streams are its own; the log it shares with the other scenarios of its area. */
export interface World {
  readonly store: EventStore
  /** Where the log ended when the scenario began. */
  readonly start: number
  /** A name that nothing else has: for streams, subscriptions, commands, event types, tags. */
  unique(prefix: string): string
  /** A store of another process on the same data; the same one for all scenarios of the area. */
  neighbour(): Promise<EventStore>
  /** A store of another process that is the scenario's own, to stop if it likes. */
  another(): Promise<EventStore>
}

/** Declares one scenario: a sentence that goes on from the store ("refuses …"), and what shows that it is true. */
export type Scenario = (sentence: string, run: (world: World) => Promise<void>, ...needs: Capability[]) => void

/** Declares the scenarios of one area; they share one store. */
export type Area = (scenario: Scenario) => void

// Creating a store may mean creating a schema on a busy machine, and some scenarios move many megabytes.
const PATIENCE = 60_000

export function describeArea(
  title: string,
  area: Area,
  { create, unsupported }: { readonly create: () => Promise<Opened>; readonly unsupported: readonly Unsupported[] },
): void {
  describe(title, () => {
    let opened: Opened
    let neighbour: Promise<EventStore> | undefined

    beforeAll(async () => {
      opened = await create()
      await opened.store.start()
    }, PATIENCE)

    // Where create failed, there is nothing to close; its own error is the one to see.
    afterAll(async () => opened?.close(), PATIENCE)

    const another = async () => {
      const store = await opened.another()
      await store.start()
      return store
    }

    const world = async (): Promise<World> => ({
      store: opened.store,
      start: (await opened.store.head()).position,
      unique: (prefix) => `${prefix}-${randomUUID()}`,
      neighbour: () => (neighbour ??= another()),
      another,
    })

    area((sentence, run, ...needs) => {
      const lacking = unsupported.find(({ capability }) => needs.includes(capability))
      if (lacking) it.skip(`${sentence} [skipped: ${lacking.capability}: ${lacking.reason}]`, () => {})
      else it(sentence, async () => run(await world()), PATIENCE)
    })
  })
}
