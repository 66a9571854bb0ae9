import { randomUUID } from 'node:crypto'
import type { EventStore } from '@writ/event-store'
import type { DeclaredScenario, World } from './area.js'
import { type Unsupported, unsupportedAmong } from './capability.js'
import { hooksOf, type Place, type StoreOptions } from './place.js'

/** How the suite gets an empty place for events. */
export type Create = () => Place | Promise<Place>

/** The store that the scenarios of one area share, and all others that they open beside it. */
export class OpenedArea {
  private readonly stores: EventStore[] = []
  private neighbour: Promise<EventStore> | undefined
  private eraser: Promise<EventStore> | undefined

  private constructor(
    private readonly place: Place,
    private readonly isAlone: boolean,
  ) {}

  static async open(create: Create, unsupported: readonly Unsupported[] = []): Promise<OpenedArea> {
    const isAlone = unsupportedAmong(['several processes'], unsupported) !== undefined
    const area = new OpenedArea(await create(), isAlone)
    try {
      // Where there can't be a second store, the first one takes events out.
      await area.another(isAlone && !unsupportedAmong(['hard deletes'], unsupported) ? { allowHardDelete: true } : undefined)
    } catch (error) {
      await area.close()
      throw error
    }
    return area
  }

  /** Runs one scenario, and ends the transactions that it left open. */
  async run({ run }: DeclaredScenario): Promise<void> {
    const ends: (() => Promise<void>)[] = []
    const hooks = hooksOf(this.place)
    const world: World = {
      store: this.store,
      start: (await this.store.head()).position,
      hooks: {
        ...hooks,
        holdForeignTransaction: async () => {
          const end = once(await hooks.holdForeignTransaction())
          ends.push(end)
          return end
        },
        beginTransaction: async () => {
          const { client, commit, rollBack } = await hooks.beginTransaction()
          // What a scenario leaves open, as it does when it fails, is rolled back.
          let isOpen = true
          const ending = (end: () => Promise<void>) => async () => {
            if (!isOpen) return
            isOpen = false
            await end()
          }
          ends.push(ending(rollBack))
          return { client, commit: ending(commit), rollBack: ending(rollBack) }
        },
      },
      unique: (prefix) => `${prefix}-${randomUUID()}`,
      neighbour: () => (this.neighbour ??= this.another()),
      another: () => this.another(),
      eraser: () => (this.eraser ??= this.isAlone ? Promise.resolve(this.store) : this.another({ allowHardDelete: true })),
    }
    try {
      await run(world)
    } finally {
      await Promise.all(ends.map((end) => end()))
    }
  }

  /** Stops all stores and takes the data away. */
  async close(): Promise<void> {
    await Promise.all(this.stores.map((store) => store.stop()))
    await this.place.close?.()
  }

  get store(): EventStore {
    return this.stores[0]!
  }

  async another(options?: StoreOptions): Promise<EventStore> {
    const store = await this.place.open(options)
    this.stores.push(store)
    await store.start()
    return store
  }
}

function once(end: () => Promise<void>): () => Promise<void> {
  let ended: Promise<void> | undefined
  return () => (ended ??= end())
}
