import { scenariosOf } from './area.js'
import { type AreaTitle, areas } from './areas.js'
import { unsupportedAmong } from './capability.js'
import type { EventStoreUnderTest } from './describe-event-store.js'
import { OpenedArea } from './opened-area.js'

export interface FailingScenario {
  readonly area: AreaTitle
  readonly sentence: string
  /** What the scenario threw. */
  readonly error: unknown
}

/**
 * Runs scenarios within one test and gives those that fail: so that a suite can be shown to notice what a broken store does.
 *
 * They are run one after another as they are asked for, so that whoever has seen enough may stop.
 *
 * @param titles the areas to run, in this order; all by default
 */
export async function* failingScenarios(
  { create, unsupported = [] }: Pick<EventStoreUnderTest, 'create' | 'unsupported'>,
  titles: readonly AreaTitle[] = Object.keys(areas) as AreaTitle[],
): AsyncGenerator<FailingScenario, void, undefined> {
  for (const title of titles) {
    const opened = await OpenedArea.open(create)
    try {
      for (const scenario of scenariosOf(areas[title])) {
        if (unsupportedAmong(scenario.needs, unsupported)) continue
        const failure = await opened.run(scenario).then(
          () => undefined,
          (error: unknown) => ({ area: title, sentence: scenario.sentence, error }),
        )
        if (failure) yield failure
      }
    } finally {
      await opened.close()
    }
  }
}
