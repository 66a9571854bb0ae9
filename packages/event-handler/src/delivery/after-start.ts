import { backOff } from '../definition/error-policy.js'
import { describeError } from '../infrastructure-error.js'
import type { Holding } from './holding.js'

const RETRY = { first: 100, longest: 10_000 }

/**
 * Makes what the handlers of this run share, and calls the definition's own `afterStart`: again until it succeeds, for without it no
 * handler may run. The status shows why nothing runs yet.
 *
 * @throws Interruption
 */
export async function afterStart(holding: Holding): Promise<void> {
  const { definition, own, runtime, report, logger, signal } = holding
  holding.state = definition.state?.(own)
  if (!definition.afterStart) return
  for (let attempt = 1; ; attempt++) {
    try {
      await definition.afterStart({ subscription: definition.name, ...own, signal })
      break
    } catch (error) {
      holding.check()
      report.retrying(error, attempt)
      logger.warn(
        { subscription: definition.name, ...own, attempt, error: describeError(error) },
        'afterStart failed; trying again',
      )
      await holding.pause(backOff(attempt, RETRY, runtime))
    }
  }
  holding.check()
  report.running()
}
