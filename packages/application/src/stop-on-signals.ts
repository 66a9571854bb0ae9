import { constants } from 'node:os'
import { InvalidOptionError, type Logger, refuseUnknownOptions } from '@writ/event-store'

export interface SignalOptions {
  /** Done before the application stops, such as closing an HTTP server: what it has under way still needs the application. */
  readonly before?: () => Promise<void>
  /** Done after it, such as stopping a database that the process owns. */
  readonly after?: () => Promise<void>
  /** `SIGTERM` and `SIGINT` by default. */
  readonly signals?: readonly NodeJS.Signals[]
}

/** @internal @throws InvalidOptionError */
export function stopOnSignals(stop: () => Promise<void>, logger: Logger, options: SignalOptions): () => void {
  refuseUnknownOptions('stopOnSignals', options, ['before', 'after', 'signals'])
  const { before, after, signals = ['SIGTERM', 'SIGINT'] } = options
  const unknown = signals.find((signal) => !Object.hasOwn(constants.signals, signal))
  if (unknown !== undefined)
    throw new InvalidOptionError('stopOnSignals', 'signals', `names '${unknown}', and there is no such signal`)
  let isStopping = false
  const onSignal = (signal: NodeJS.Signals) => {
    if (isStopping) {
      logger.warn({ signal }, 'second signal: exiting at once')
      process.exit(1)
    }
    isStopping = true
    logger.info({ signal }, 'stopping')
    void stopInOrder([before, stop, after], logger).then((isClean) => process.exit(isClean ? 0 : 1))
  }
  for (const signal of signals) process.on(signal, onSignal)
  return () => {
    for (const signal of signals) process.off(signal, onSignal)
  }
}

// A step that fails must not keep the next one from freeing what it holds.
async function stopInOrder(steps: readonly ((() => Promise<void>) | undefined)[], logger: Logger): Promise<boolean> {
  let isClean = true
  for (const step of steps) {
    try {
      await step?.()
    } catch (error) {
      isClean = false
      logger.error({ error }, 'a step of the stop failed')
    }
  }
  return isClean
}
