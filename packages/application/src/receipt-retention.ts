import type { EventStore, Logger, Runtime } from '@writ/event-store'

const HOUR = 3_600_000
/** How long a command with a given id is answered by its receipt, in milliseconds: 30 days. */
export const RECEIPTS_KEPT = 30 * 24 * HOUR

interface Retention {
  readonly store: EventStore
  readonly runtime: Runtime
  readonly logger: Logger
  /** Milliseconds. */
  readonly keep: number
}

/**
 * Deletes receipts that have grown too old, once an hour, until it is told to end. Every process may do it: what is gone is gone.
 */
export async function forgetOldReceipts({ store, runtime, logger, keep }: Retention, ending: AbortSignal): Promise<void> {
  while (!ending.aborted) {
    try {
      const deleted = await store.receipts.deleteOlderThan(keep)
      if (deleted > 0) logger.info({ deleted }, 'old receipts deleted')
    } catch (error) {
      logger.warn({ error }, 'old receipts could not be deleted; trying again in an hour')
    }
    await runtime.sleep(HOUR, ending)
  }
}
