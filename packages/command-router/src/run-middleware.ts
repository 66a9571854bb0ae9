import { commandClassOf } from '@writ/event-store'
import { RepeatedNextError } from './errors/routing-errors.js'
import type { DispatchContext, Middleware } from './middleware.js'
import type { Dispatched } from './reply.js'

/** Runs these around the last step, the first one outermost. */
export async function runMiddleware(
  middleware: readonly Middleware[],
  context: DispatchContext,
  last: () => Promise<Dispatched>,
  index = 0,
): Promise<Dispatched> {
  const outermost = middleware[index]
  if (outermost === undefined) return last()
  let mayGoOn = true
  return outermost(context, async () => {
    // A second time only after a failure: what has succeeded would be done twice.
    if (!mayGoOn) throw new RepeatedNextError(commandClassOf(context.command).type)
    mayGoOn = false
    try {
      return await runMiddleware(middleware, context, last, index + 1)
    } catch (error) {
      mayGoOn = true
      throw error
    }
  })
}
