import { Aggregates, type AggregatesOptions } from '@writ/aggregate'
import type { EventStore } from '@writ/event-store'

/** The aggregates of an application on stores that single dispatches name: what is in memory of them is each store's own. */
export class OtherStores {
  private readonly byStore = new Map<EventStore, Aggregates>()

  constructor(
    private readonly own: Aggregates,
    /** The application's own store, as it was given. */
    private readonly ownStore: EventStore,
    private readonly options: AggregatesOptions,
    /** Lays around a store what the application lays around its own. */
    private readonly around: (store: EventStore) => EventStore,
  ) {}

  /** The same ones for the same store, until the application stops. */
  readonly aggregatesOn = (store: EventStore): Aggregates => {
    if (store === this.ownStore || store === this.options.store) return this.own
    let aggregates = this.byStore.get(store)
    if (!aggregates) {
      aggregates = new Aggregates({ ...this.options, store: this.around(store) })
      this.byStore.set(store, aggregates)
    }
    return aggregates
  }

  /** Those of all stores that were named so far. */
  get all(): Iterable<Aggregates> {
    return this.byStore.values()
  }

  /** Ends what is in memory of them; the stores themselves belong to whoever has started them. */
  async stop(): Promise<void> {
    for (const aggregates of this.byStore.values()) await aggregates.stop()
    this.byStore.clear()
  }
}
