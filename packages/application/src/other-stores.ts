import { Aggregates, type AggregatesOptions } from '@writ/aggregate'
import type { EventStore } from '@writ/event-store'

/** The aggregates of an application on stores that single dispatches name: what is in memory of them is each store's own. */
export class OtherStores {
  private readonly byStore = new Map<EventStore, Aggregates>()

  constructor(
    private readonly own: Aggregates,
    private readonly options: AggregatesOptions,
  ) {}

  /** The same ones for the same store, until the application stops. */
  readonly aggregatesOn = (store: EventStore): Aggregates => {
    if (store === this.options.store) return this.own
    let aggregates = this.byStore.get(store)
    if (!aggregates) {
      aggregates = new Aggregates({ ...this.options, store })
      this.byStore.set(store, aggregates)
    }
    return aggregates
  }

  /** Ends what is in memory of them; the stores themselves belong to whoever has started them. */
  async stop(): Promise<void> {
    for (const aggregates of this.byStore.values()) await aggregates.stop()
    this.byStore.clear()
  }
}
