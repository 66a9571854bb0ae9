import type { SubscriptionDefinition } from './subscription-definition.js'

/**
 * When the checkpoint of an event handler is stored: after so many events or so many milliseconds, whichever comes first; and at once after
 * the first event of a quiet time.
 */
export interface CheckpointOptions {
  /** From 1 to 100,000: 5,000 by default. About so many come again after a crash, and while they are being stored the next ones are handled. */
  readonly events?: number
  /** Milliseconds since it was stored last: from 0 to 60,000; by default 100, and 10 for a strongly consistent one, whose checkpoint is waited for. */
  readonly within?: number
}

/** When a subscription's checkpoint is stored. */
export interface Checkpointing extends Required<CheckpointOptions> {
  /** Milliseconds from one save to the next where nothing was handled, and it only moves past what does not concern the subscription. */
  readonly withinNothing: number
}

const EVENTS = 5_000
const WITHIN = { strong: 10, eventual: 100 }
const WITHIN_NOTHING = 1_000

/** @returns what is wrong with which option; undefined where nothing is */
export function whyNoCheckpointing(options: CheckpointOptions): string | undefined {
  const unknown = Object.keys(options).find((option) => option !== 'events' && option !== 'within')
  if (unknown !== undefined) return `'${unknown}' is unknown; there are 'events' and 'within'`
  const { events = 1, within = 0 } = options
  if (!Number.isSafeInteger(events) || events < 1 || events > 100_000) return "'events' must be an integer from 1 to 100000"
  if (!(within >= 0 && within <= 60_000)) return "'within' must be milliseconds from 0 to 60000"
  return undefined
}

/** @param common what all subscriptions of the process have in common */
export function checkpointing(definition: SubscriptionDefinition, common: CheckpointOptions): Checkpointing {
  const { kind, consistency, checkpoint: own = {} } = definition
  // A projection's is stored with its rows; and past the rest of the log it moves fast enough to tell that it has caught up.
  if (kind === 'projection') return { events: EVENTS, within: WITHIN[consistency], withinNothing: WITHIN_NOTHING }
  const usual = consistency === 'strong' ? WITHIN.strong : (common.within ?? WITHIN.eventual)
  const within = own.within ?? usual
  return { events: own.events ?? common.events ?? EVENTS, within, withinNothing: Math.max(within, WITHIN_NOTHING) }
}
