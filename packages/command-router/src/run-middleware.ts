import { commandClassOf } from '@writ/event-store'
import { MissingAnswerError, RepeatedNextError } from './errors/routing-errors.js'
import type { DispatchContext, Middleware } from './middleware.js'
import type { Dispatched } from './reply.js'

/**
 * Runs these around the last step, the first one outermost.
 *
 * @throws MissingAnswerError where one gives no answer
 */
export async function runMiddleware(
  middleware: readonly Middleware[],
  context: DispatchContext,
  last: () => Promise<Dispatched>,
  index = 0,
): Promise<Dispatched> {
  const outermost = middleware[index]
  if (outermost === undefined) return last()
  let mayGoOn = true
  let hasHandedOn = false
  const answer = await outermost(context, async () => {
    // A second time only after a failure: what has succeeded would be done twice.
    if (!mayGoOn) throw new RepeatedNextError(commandClassOf(context.command).type)
    mayGoOn = false
    hasHandedOn = true
    try {
      return await runMiddleware(middleware, context, last, index + 1)
    } catch (error) {
      mayGoOn = true
      throw error
    }
  })
  // One that forgets to return what it was given answers undefined, whatever its type says.
  if (typeof (answer as Dispatched | undefined)?.commandId !== 'string')
    throw new MissingAnswerError(commandClassOf(context.command).type, hasHandedOn)
  return answer
}
