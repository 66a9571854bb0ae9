import fc from 'fast-check'
import { compare } from './agreement/compare.js'
import type { Operation } from './agreement/operation.js'
import { randomOperations } from './agreement/random-operations.js'
import type { Capability, Unsupported } from './capability.js'
import type { EventStoreUnderTest } from './describe-event-store.js'
import { OpenedArea } from './opened-area.js'

export interface Agreement extends EventStoreUnderTest {
  /** A store that is trusted and quick to create: an empty one is opened for each list, and often for the orders of concurrent appends. */
  readonly reference: EventStoreUnderTest
  /** How many random lists are asked; 150 by default. */
  readonly lists?: number
  /** Milliseconds after which no further list is begun; 15,000 by default. */
  readonly within?: number
  /** Lists on which the stores once differed; they come first. */
  readonly examples?: readonly (readonly Operation[])[]
  /** The seed that a failure printed: the same lists again. */
  readonly seed?: number
  /** The path that it printed beside the seed: its shortest list, and no other. */
  readonly path?: string
}

/** Asks two stores the same random lists of operations until they differ; gives the shortest such list as an error, with its seed. */
export async function findDisagreement({ reference, examples = [], ...tested }: Agreement): Promise<Error | undefined> {
  const { lists = 150, within = 15_000, seed, path } = tested
  const unsupported = [...(tested.unsupported ?? []), ...(reference.unsupported ?? [])]
  const supports = (...needs: readonly Capability[]) => !unsupported.some(({ capability }) => needs.includes(capability))
  const opened = await OpenedArea.open(tested.create, unsupported)
  try {
    const several = supports('several processes')
    const stores = [opened.store, ...(several ? [await opened.another()] : [])]
    const eraser = several && supports('hard deletes') ? await opened.another({ allowHardDelete: true }) : opened.store
    const agree = fc.asyncProperty(randomOperations(supports), async (operations) => {
      const references: OpenedArea[] = []
      const open = async () => {
        const place = await OpenedArea.open(reference.create, alone(unsupported))
        references.push(place)
        return place.store
      }
      try {
        await compare(operations, { tested: stores, eraser, reference: open })
      } finally {
        await Promise.all(references.map((place) => place.close()))
      }
    })
    await fc.assert(agree, {
      numRuns: lists,
      examples: examples.map((operations) => [operations]),
      interruptAfterTimeLimit: within,
      ...(seed !== undefined && { seed }),
      ...(path !== undefined && { path }),
    })
    return undefined
  } catch (error) {
    return error as Error
  } finally {
    await opened.close()
  }
}

/** The one store does all: no second one is opened on the same data. */
function alone(unsupported: readonly Unsupported[]): readonly Unsupported[] {
  return [...unsupported, { capability: 'several processes', reason: 'each list has a store of its own' }]
}
