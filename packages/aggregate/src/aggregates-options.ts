import {
  type EventStore,
  type EventTypes,
  InvalidOptionError,
  type Logger,
  type Runtime,
  refuseUnknownOptions,
  silentLogger,
  systemRuntime,
} from '@writ/event-store'

export interface AggregatesOptions {
  readonly store: EventStore
  /** All event classes that the aggregates' streams may hold. */
  readonly events: EventTypes
  readonly runtime?: Runtime
  /** Where failing snapshots are reported; nowhere by default. */
  readonly logger?: Logger
  /** How many aggregates without anything to do stay in memory, those used last: 10,000 by default. */
  readonly cacheSize?: number
  /** Milliseconds that an aggregate stays in memory after its last command; as long as there is room by default. */
  readonly lifespan?: number
  /** How many commands may wait for one stream: 10,000 by default. */
  readonly maxPending?: number
  /** How many commands may wait in all: 100,000 by default. */
  readonly maxPendingTotal?: number
  /**
   * What becomes of state-stored aggregates: their rows are `'used'`, the default; or `'replayed'`, their states come from their events,
   * where the rows are out of reach.
   */
  readonly rows?: 'used' | 'replayed'
}

const known: Record<keyof AggregatesOptions, true> = {
  store: true,
  events: true,
  runtime: true,
  logger: true,
  cacheSize: true,
  lifespan: true,
  maxPending: true,
  maxPendingTotal: true,
  rows: true,
}

/**
 * The options, with what is left out as it is by default.
 *
 * @throws InvalidOptionError
 */
export function checkedOptions(options: AggregatesOptions): Required<AggregatesOptions> {
  refuseUnknownOptions('Aggregates', options, Object.keys(known))
  return {
    store: options.store,
    events: options.events,
    runtime: options.runtime ?? systemRuntime,
    logger: options.logger ?? silentLogger,
    cacheSize: atLeast('cacheSize', options.cacheSize ?? 10_000, 0),
    lifespan: atLeast('lifespan', options.lifespan ?? Number.POSITIVE_INFINITY, 0),
    maxPending: atLeast('maxPending', options.maxPending ?? 10_000, 1),
    maxPendingTotal: atLeast('maxPendingTotal', options.maxPendingTotal ?? 100_000, 1),
    rows: options.rows ?? 'used',
  }
}

function atLeast(option: string, value: number, least: number): number {
  const isWhole = Number.isSafeInteger(value) || (option === 'lifespan' && value === Number.POSITIVE_INFINITY)
  if (!isWhole || value < least) throw new InvalidOptionError('Aggregates', option, `must be an integer from ${least}`)
  return value
}
