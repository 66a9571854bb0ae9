import type { CommandRouter } from '@writ/command-router'
import { NotYetVisibleError, type Subscriptions } from '@writ/event-handler'
import { type EventStore, hasCode, type Runtime } from '@writ/event-store'

interface Working {
  readonly router: CommandRouter
  readonly subscriptions: Subscriptions
  readonly store: EventStore
  readonly runtime: Runtime
  /** Milliseconds. */
  readonly timeout: number
}

/**
 * Commands write events, which handlers answer with commands: all is done when, since the last look, neither came anything new.
 *
 * @throws NotYetVisibleError
 */
export async function untilSettled({ router, subscriptions, store, runtime, timeout }: Working): Promise<void> {
  const end = runtime.monotonic() + timeout
  const handlers = subscriptions.status().map(({ name }) => name)
  for (let handled = -1; ; ) {
    await router.idle()
    const { position } = await store.head()
    if (position === handled && router.underWay === 0) return
    const left = end - runtime.monotonic()
    if (left <= 0) throw new NotYetVisibleError(position, handlers, [], `events kept coming for ${timeout} ms`)
    await subscriptions.waitFor(position, handlers, { timeout: left }).catch((error: unknown) => {
      // What is put aside is not under way.
      if (!hasCode(error, 'committed-but-parked')) throw error
    })
    handled = position
  }
}
