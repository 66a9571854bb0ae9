import { once } from 'node:events'
import type { Application } from '@writ/application'
import { type Logger, streamName } from '@writ/event-store'
import type { Context } from 'hono'
import { streamSSE } from 'hono/streaming'
import { Bookkeeping } from './entry.js'

/** How long nothing may be heard on the line: proxies cut what is silent, and a client that has vanished shows only when it is written to. */
export class Heartbeat {
  constructor(readonly milliseconds = 15_000) {}
}

export interface Surroundings {
  readonly bank: Application
  readonly logger: Logger
  readonly heartbeat: Heartbeat
  /** Aborts when the bank stops. */
  readonly stopping: AbortSignal
}

/**
 * The entries behind a version, then those that come, as server-sent events; each one's id is its version, to go on from with
 * `Last-Event-ID`.
 *
 * The next event is read when the client has taken the one before, so a slow client costs no memory.
 */
export function liveStatement(
  c: Context,
  { bank, logger, heartbeat, stopping }: Surroundings,
  account: string,
  start: { readonly version: number; readonly balance: number },
): Response {
  const bookkeeping = new Bookkeeping(start.balance)
  return streamSSE(c, async (client) => {
    const end = new AbortController()
    const leave = () => end.abort()
    client.onAbort(leave)
    stopping.addEventListener('abort', leave)
    if (client.aborted || stopping.aborted) leave()

    let isSending = false
    const send = async (sending: Promise<unknown>) => {
      isSending = true
      await sending
      isSending = false
    }
    // #region events
    const events = bank.events({ stream: streamName('account', account), afterVersion: start.version }, async (event) => {
      const entry = bookkeeping.entryOf(event)
      if (entry) await send(client.writeSSE({ id: String(entry.version), data: JSON.stringify(entry) }))
    })
    // #endregion events
    const subscription = events.subscribe({
      error(error: unknown) {
        logger.warn({ error }, 'a live statement broke off')
        // The client comes again, with the last id that it has seen.
        leave()
      },
    })
    // Not behind what a slow client has not taken: they would pile up.
    const beat = () => isSending || void send(client.write(': beat\n\n'))
    beat()
    const beating = setInterval(beat, heartbeat.milliseconds)
    if (!end.signal.aborted) await once(end.signal, 'abort')
    clearInterval(beating)
    subscription.unsubscribe()
    stopping.removeEventListener('abort', leave)
  })
}
