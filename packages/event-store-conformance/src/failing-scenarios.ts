import { scenariosOf } from './area.js'
import { type AreaTitle, areas } from './areas.js'
import { type Unsupported, unsupportedAmong } from './capability.js'
import type { EventStoreUnderTest } from './describe-event-store.js'
import { type Create, OpenedArea } from './opened-area.js'
import { patience } from './until.js'

export interface FailingScenario {
  readonly area: AreaTitle
  readonly sentence: string
  /** What the scenario threw. */
  readonly error: unknown
}

export interface FailingScenariosOptions {
  /** The areas to run, in this order; all by default. */
  readonly areas?: readonly AreaTitle[]
  /** How many milliseconds a scenario waits for what must come to pass; 20,000 by default. */
  readonly patience?: number
}

/**
 * Runs scenarios within one test and gives those that fail: so that a suite can be shown to notice what a broken store does.
 *
 * They are run one after another as they are asked for, so that whoever has seen enough may stop.
 */
export async function* failingScenarios(
  { create, unsupported = [] }: Pick<EventStoreUnderTest, 'create' | 'unsupported'>,
  {
    areas: titles = Object.keys(areas) as AreaTitle[],
    patience: milliseconds = patience.milliseconds,
  }: FailingScenariosOptions = {},
): AsyncGenerator<FailingScenario, void, undefined> {
  const before = patience.milliseconds
  patience.milliseconds = milliseconds
  try {
    for (const title of titles) yield* failingOf(title, create, unsupported)
  } finally {
    patience.milliseconds = before
  }
}

async function* failingOf(
  area: AreaTitle,
  create: Create,
  unsupported: readonly Unsupported[],
): AsyncGenerator<FailingScenario, void, undefined> {
  const opened = await OpenedArea.open(create, unsupported)
  try {
    for (const scenario of scenariosOf(areas[area])) {
      if (unsupportedAmong(scenario.needs, unsupported)) continue
      const failure = await opened.run(scenario).then(
        () => undefined,
        (error: unknown) => ({ area, sentence: scenario.sentence, error }),
      )
      if (failure) yield failure
    }
  } finally {
    await opened.close()
  }
}
