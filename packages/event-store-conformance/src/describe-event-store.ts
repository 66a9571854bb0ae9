import { type DeclaredScenario, scenariosOf } from './area.js'
import { whatItLacks } from './areas/what-it-lacks.js'
import { areas } from './areas.js'
import { type Unsupported, unsupportedAmong } from './capability.js'
import { type Create, OpenedArea } from './opened-area.js'

export interface EventStoreUnderTest {
  /** The adapter's name, as the tests' titles show it. */
  readonly name: string
  /** Makes an empty place; called once for each area, never for each test. */
  readonly create: Create
  /** What the adapter lacks, each with its reason: those scenarios are skipped, and the reason stands in their names. */
  readonly unsupported?: readonly Unsupported[]
}

// Creating a store may mean creating a schema on a busy machine, and some scenarios move many megabytes.
const PATIENCE = 60_000

/**
 * Holds an adapter to the port: declares all scenarios as Jest tests.
 *
 * @example describeEventStore({ name: 'in-memory', create: () => ({ open: () => inMemoryEventStore() }) })
 */
export function describeEventStore(tested: EventStoreUnderTest): void {
  describe(`The ${tested.name} event store`, () => {
    const all = { ...areas, 'what it lacks': whatItLacks(tested.unsupported ?? []) }
    for (const [title, area] of Object.entries(all)) describeArea(title, scenariosOf(area), tested)
  })
}

function describeArea(
  title: string,
  scenarios: readonly DeclaredScenario[],
  { create, unsupported = [] }: EventStoreUnderTest,
): void {
  // Where an adapter lacks nothing, there is nothing that it must refuse.
  if (scenarios.length === 0) return
  describe(title, () => {
    let opened: OpenedArea | undefined
    beforeAll(async () => {
      opened = await OpenedArea.open(create, unsupported)
    }, PATIENCE)
    // Where create failed, there is nothing to close; its own error is the one to see.
    afterAll(async () => opened?.close(), PATIENCE)

    for (const scenario of scenarios) {
      const lacking = unsupportedAmong(scenario.needs, unsupported)
      if (lacking) it.skip(`${scenario.sentence} [skipped: ${lacking.capability}: ${lacking.reason}]`, () => {})
      else it(scenario.sentence, () => opened!.run(scenario), PATIENCE)
    }
  })
}
