import { NotYetVisibleError } from '@writ/event-handler'
import { hasCode } from '@writ/event-store'
import type { ApplicationTransactions } from './application-transactions.js'
import { NeverSettledError } from './errors.js'
import type { Parts } from './parts.js'

interface Working {
  readonly parts: Pick<Parts, 'name' | 'router' | 'aggregates' | 'otherStores' | 'subscriptions' | 'store' | 'runtime'>
  readonly transactions: Pick<ApplicationTransactions<object>, 'underWay' | 'idle'>
  /** Milliseconds. */
  readonly timeout: number
}

/**
 * Commands write events, which handlers answer with commands: all is done when, since the last look, neither came anything new.
 *
 * @throws NeverSettledError within something that it would wait for
 * @throws NotYetVisibleError
 */
export async function untilSettled({ parts, transactions, timeout }: Working): Promise<void> {
  const within = whoIsAtWork(parts)
  if (within !== undefined) throw new NeverSettledError(parts.name, within)
  const { router, subscriptions, store, runtime } = parts
  const end = runtime.monotonic() + timeout
  const handlers = subscriptions.status().map(({ name }) => name)
  for (let handled = -1; ; ) {
    await transactions.idle()
    await router.idle()
    const { position } = await store.head()
    if (position === handled && router.underWay === 0 && !transactions.underWay) return
    const left = end - runtime.monotonic()
    if (left <= 0) throw new NotYetVisibleError(position, handlers, [], `events kept coming for ${timeout} ms`)
    await subscriptions.waitFor(position, handlers, { timeout: left }).catch((error: unknown) => {
      // What is put aside is not under way.
      if (!hasCode(error, 'committed-but-parked')) throw error
    })
    handled = position
  }
}

/** Who asks, where that is under way itself. */
function whoIsAtWork({ subscriptions, aggregates, otherStores }: Working['parts']): string | undefined {
  const subscription = subscriptions.whoIsAtWork()
  if (subscription !== undefined) return `the handler '${subscription}'`
  for (const these of [aggregates, ...otherStores.all]) {
    const work = these.whoIsAtWork()
    if (work?.projection !== undefined) return `the inline projection '${work.projection}'`
    if (work) return work.stream === undefined ? 'the work of a transaction' : `the handler of a command to '${work.stream}'`
  }
  return undefined
}
