import { type EventStore, hasCode, type LiveVersion, type Logger, type Runtime } from '@writ/event-store'
import {
  NothingToRollBackToError,
  ProjectionVersionsDifferError,
  UnknownProjectionVersionError,
} from '../errors/projection-errors.js'
import { describeError } from '../infrastructure-error.js'
import type { Subscriptions } from '../subscriptions.js'
import type { AfterUpdates } from './after-updates.js'
import { type Comparison, compareVersions } from './comparison.js'
import type { KnownVersions } from './known-versions.js'
import { withOwnTables } from './own-tables.js'
import { subscriptionOf, type VersionHere } from './versions-here.js'

/** Milliseconds that the comparison before a swap may take. */
const COMPARING = 2_000
/** Milliseconds between two looks at how far a version has come that was compared. */
const CATCHING_UP = 10

export interface MakingLiveOptions<Transaction extends object> {
  readonly store: EventStore<Transaction>
  readonly subscriptions: Subscriptions
  readonly runtime: Runtime
  readonly logger: Logger
}

/** How a version of a projection comes to be live: the first one, a newer one when it may, and the one before it again. */
export class MakingLive<Transaction extends object> {
  /** Versions that were refused to be live because they differ. */
  private readonly differing = new Set<string>()

  constructor(
    private readonly options: MakingLiveOptions<Transaction>,
    private readonly known: KnownVersions,
    private readonly afterUpdates: AfterUpdates,
    private readonly ending: AbortSignal,
  ) {}

  /** With its tables, in one transaction. @returns what is live now, by whichever process */
  async first(name: string, version: number): Promise<LiveVersion> {
    const { projections } = this.options.store
    const first = this.known.here.find(name, version)
    const setUp = async (transaction: Transaction) => {
      if (first) await first.definition.setUp?.(withOwnTables(transaction, first))
    }
    await projections.swap(name, { from: undefined, to: version }, setUp).catch((error: unknown) => {
      // Another process was faster.
      if (!hasCode(error, 'projection-version-conflict')) throw error
    })
    return (await this.known.learnLive(name))!
  }

  /** Makes the newest version live if it is to be so by itself, and may be. */
  async byItself(name: string): Promise<void> {
    const { known, differing, options } = this
    const live = known.liveOf(name)
    const [newest] = known.here.of(name)
    if (!newest || !live || newest.swap === 'by-hand' || known.stateOf(name, newest.version) !== 'building') return
    const { version, definition } = newest
    if (differing.has(definition.name) || !known.progress.isCaughtUp(definition.name)) return
    // Who has read the live one must not be taken back in time.
    const reached = known.progress.positionOf(definition.name)!
    if (reached < (known.progress.positionOf(subscriptionOf(name, live.version)) ?? 0)) return
    try {
      await this.swap(newest)
    } catch (error) {
      if (hasCode(error, 'projection-versions-differ')) differing.add(definition.name)
      const facts = { projection: name, version, error: describeError(error) }
      if (differing.has(definition.name)) options.logger.error(facts, 'a version of a projection was not made live: it differs')
      else options.logger.info(facts, 'a version of a projection could not be made live yet')
    }
  }

  /** @throws ProjectionVersionsDifferError, ComparisonTimedOutError, ReadModelNotReadyError, ProjectionVersionConflictError */
  async swap(candidate: VersionHere): Promise<void> {
    const { name, version, isComparable, definition } = candidate
    const { known } = this
    const { store, logger } = this.options
    const from = known.liveOf(name)?.version
    if (isComparable) {
      const { agrees, position, versions } = await this.compare(candidate, COMPARING)
      if (agrees !== true) throw new ProjectionVersionsDifferError(name, position, versions)
    }
    await this.catchUp(candidate)
    await this.afterUpdates.register(candidate, known.progress.positionOf(definition.name) ?? 0)
    await store.projections.swap(name, { from, to: version })
    logger.info({ projection: name, from, to: version }, 'a version of a projection was made live')
    await known.learnLive(name)
  }

  /** @throws NothingToRollBackToError, ProjectionVersionConflictError */
  async rollBack(name: string): Promise<void> {
    const live = this.known.liveOf(name)
    if (live?.previous === undefined) throw new NothingToRollBackToError(name, live?.version, 'no other was live before it')
    if (!this.known.progress.isFollowed(subscriptionOf(name, live.previous))) {
      const why = `version ${live.previous} has not been kept up; run a process that has its code until it has caught up`
      throw new NothingToRollBackToError(name, live.version, why)
    }
    await this.options.store.projections.swap(name, { from: live.version, to: live.previous })
    this.options.logger.info({ projection: name, from: live.version, to: live.previous }, 'a projection was rolled back')
  }

  /**
   * A version whose code is gone, or has no `checksum` or `count`, is looked at by the other's: it has the same tables, under names of its own.
   *
   * @throws UnknownProjectionVersionError, ComparisonTimedOutError
   */
  compare(candidate: VersionHere, timeout: number): Promise<Comparison> {
    const { known } = this
    const { name, version } = candidate
    const live = known.liveOf(name)!.version
    if (live === version) {
      const others = known.versionsInStore(name).filter((other) => other !== version)
      throw new UnknownProjectionVersionError(name, version, others, 'is live itself; name another one to compare it with')
    }
    const own = known.here.find(name, live)
    const pair = {
      name,
      live: { version: live, codes: own ? [own, candidate] : [candidate] },
      other: { version, codes: own ? [candidate, own] : [candidate] },
      isLiveFollowed: known.progress.isFollowed(subscriptionOf(name, live)),
    }
    return compareVersions(this.options, pair, timeout)
  }

  /** Who has read the live one must not be taken back in time: when it was looked at, it may have been a moment behind, or stood still to be compared. */
  private async catchUp({ name, definition }: VersionHere): Promise<void> {
    const { store, runtime } = this.options
    const live = this.known.liveOf(name)
    if (!live) return
    const positionOf = async (subscription: string) => {
      const rows = await store.checkpoints.list(subscription)
      return rows.length === 0 ? 0 : Math.min(...rows.map(({ checkpoint }) => checkpoint))
    }
    const position = await positionOf(subscriptionOf(name, live.version))
    const deadline = runtime.monotonic() + COMPARING
    while ((await positionOf(definition.name)) < position) {
      if (runtime.monotonic() >= deadline) throw this.known.notReady(name)
      await runtime.sleep(CATCHING_UP, this.ending)
    }
  }
}
