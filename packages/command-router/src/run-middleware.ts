import { commandClassOf } from '@writ/event-store'
import { MissingAnswerError, RepeatedNextError } from './errors/routing-errors.js'
import type { DispatchContext, Middleware } from './middleware.js'
import { type Answer, type Dispatched, lackingIn } from './reply.js'

/**
 * Runs these around the last step, the first one outermost.
 *
 * @throws MissingAnswerError where one gives no answer, or the outermost one not what is to be answered
 */
export async function runMiddleware(
  middleware: readonly Middleware[],
  context: DispatchContext,
  returning: Answer,
  last: () => Promise<Dispatched>,
): Promise<Dispatched> {
  let isHandedOn = false
  const answer = await runFrom(0, middleware, context, () => {
    isHandedOn = true
    return last()
  })
  const lacking = lackingIn(answer, returning)
  if (lacking) throw new MissingAnswerError(commandClassOf(context.command).type, isHandedOn, lacking)
  return answer
}

async function runFrom(
  index: number,
  middleware: readonly Middleware[],
  context: DispatchContext,
  last: () => Promise<Dispatched>,
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
      return await runFrom(index + 1, middleware, context, last)
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
