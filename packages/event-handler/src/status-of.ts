import type { Checkpoint } from '@writ/event-store'
import type { KnownPartitions } from './leasing/known-partitions.js'
import type { PartitionRun } from './partition-run.js'
import {
  type PartitionStatus,
  type Report,
  type SubscriptionState,
  type SubscriptionStatus,
  statusError,
} from './subscription-status.js'

/** What a subscription's status is made of. */
export interface StatusFacts {
  readonly name: string
  readonly known: KnownPartitions
  /** Those of this process, by partition. */
  readonly runs: ReadonlyMap<number, PartitionRun>
  /** Also of runs that are over. */
  readonly reports: Iterable<Report>
  readonly stopped: { readonly cause: unknown } | undefined
  /** Why no lease can be asked for. */
  readonly trouble: unknown
  /** Where the log ends. */
  readonly head: number
}

export function statusOf(facts: StatusFacts): SubscriptionStatus {
  const { name, known, stopped } = facts
  const { view, isPaused } = known
  const partitions = known.rows.map((row) => partitionStatus(row, facts))
  const atWork = [...facts.runs.values()].filter(({ isAtWork }) => isAtWork).map(({ report, trouble }) => ({ report, trouble }))
  const retrying = atWork.find(({ report, trouble }) => report.state === 'retrying' || trouble !== undefined)
  const cause = stopped?.cause ?? (atWork.length === 0 ? facts.trouble : retrying?.trouble)
  const error = cause === undefined ? retrying?.report.error : statusError(cause)
  const holders = new Set(partitions.flatMap(({ heldBy }) => heldBy ?? []))
  const isRunningHere = atWork.length === view?.partitions
  return {
    name,
    state: stateOf(facts, atWork.length, retrying !== undefined),
    checkpoint: Math.min(...(partitions.length > 0 ? partitions.map(({ checkpoint }) => checkpoint) : [0])),
    lag: Math.max(0, ...partitions.map(({ lag }) => lag)),
    skipped: [...facts.reports].reduce((sum, { skipped }) => sum + skipped, 0),
    parked: isRunningHere ? atWork.reduce((sum, { report }) => sum + report.parked, 0) : (view?.parked ?? 0),
    ...(retrying?.report.attempt !== undefined && { attempt: retrying.report.attempt }),
    ...(error && { error }),
    ...(holders.size === 1 && { heldBy: [...holders][0]! }),
    here: atWork.length,
    partitions,
    isPaused,
    ...(view?.change && { change: { to: view.change.to, ...(view.change.upTo !== undefined && { upTo: view.change.upTo }) } }),
  }
}

function stateOf({ known: { view }, stopped, trouble }: StatusFacts, atWork: number, isRetrying: boolean): SubscriptionState {
  if (stopped) return 'stopped'
  if (isRetrying || (atWork === 0 && trouble !== undefined)) return 'retrying'
  if (atWork > 0) return 'running'
  if (!view) return 'starting'
  if (view.isPaused) return 'paused'
  return view.change ? 'repartitioning' : 'standby'
}

function partitionStatus(row: Checkpoint, { known, runs, head }: StatusFacts): PartitionStatus {
  const { partition, owner, leaseExpiresIn } = row
  const run = runs.get(partition)
  const isHere = run?.isAtWork === true
  const checkpoint = isHere ? Math.max(row.checkpoint, run.report.checkpoint) : row.checkpoint
  const heldBy = isHere ? run.owner : owner
  return {
    partition,
    state: !isHere ? 'standby' : run.report.state === 'retrying' || run.trouble ? 'retrying' : 'running',
    checkpoint,
    lag: Math.max(0, head - Math.max(checkpoint, known.reached.of(partition))),
    ...(heldBy !== undefined && { heldBy }),
    ...(!isHere && leaseExpiresIn !== undefined && { expiresIn: leaseExpiresIn }),
  }
}
