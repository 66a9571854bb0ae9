// Versions of read models. A projection's version is part of its identity: raising it builds the new one beside the old, in tables of its
// own, while the old one serves and follows. Which version serves is stored; it is swapped, and rolled back, by one transaction.

import {
  type EventStore,
  type EventTypes,
  hasCode,
  type LiveVersion,
  type LiveVersions,
  type Logger,
  type Runtime,
} from '@writ/event-store'
import type { CheckpointOptions } from '../definition/checkpointing.js'
import type { ErrorPolicy } from '../definition/error-policy.js'
import type { SubscriptionDefinition } from '../definition/subscription-definition.js'
import {
  NothingToRollBackToError,
  ProjectionVersionInUseError,
  ProjectionVersionsDifferError,
  ReadModelNotReadyError,
  UnknownProjectionVersionError,
} from '../errors/projection-errors.js'
import { describeError } from '../infrastructure-error.js'
import type { SubscriptionStatus } from '../subscription-status.js'
import type { Subscriptions } from '../subscriptions.js'
import { AfterUpdates } from './after-updates.js'
import { type Comparison, compareVersions } from './comparison.js'
import { type ReadModelContext, withOwnTables } from './own-tables.js'
import { Progress } from './progress.js'
import { type ProjectionStatus, stateOf, statusOf } from './projection-status.js'
import { type ProjectionTarget, subscriptionOf, type VersionHere, VersionsHere, versionIn } from './versions-here.js'

/** Milliseconds between two looks: while a version is far behind, while one waits to be live or another process's is, and else. */
const LOOK = { behind: 250, waiting: 500, idle: 5_000 }
/** Milliseconds that the comparison before a swap may take. */
const COMPARING = 2_000
/** Milliseconds between two looks at how far a version has come that was compared. */
const CATCHING_UP = 10

export interface ProjectionsOptions<Transaction extends object> {
  readonly store: EventStore<Transaction>
  readonly events: EventTypes
  /** Which run the projections. */
  readonly subscriptions: Subscriptions
  /** All versions of all projections that this process has the code of. */
  readonly definitions: readonly SubscriptionDefinition[]
  readonly owner: string
  /** Milliseconds. */
  readonly leaseMilliseconds: number
  /** What follows when an `afterUpdate` fails whose projection does not say so itself. */
  readonly onError?: ErrorPolicy
  /** When the checkpoint of what runs an `afterUpdate` is stored. */
  readonly checkpoint?: CheckpointOptions
  readonly runtime: Runtime
  readonly logger: Logger
}

/** What a read of a read model gets: the store's handle, names of the version's tables, and how far it has come. */
export type ReadModelRead<Transaction extends object> = ReadModelContext<Transaction> & {
  /** The position up to which the rows hold everything. */
  position(): Promise<number>
}

export interface CompareOptions {
  /** The version to compare with the live one; the newest that this process has by default. */
  readonly version?: number
  /** Milliseconds within which both must have come to one position: 10,000 by default. */
  readonly timeout?: number
}

export interface SwapOptions {
  /** The version to make live; the newest that this process has by default. */
  readonly version?: number
}

/** How a read model is for readers of this process. */
export interface ReadModelReadiness {
  readonly name: string
  readonly live: number | undefined
  /** The version that reads get here; undefined where they are refused as `read-model-not-ready`. */
  readonly serving: number | undefined
}

/** The versions of an application's projections: which serve, how far they have come, and what makes another one live. */
export class Projections<Transaction extends object = object> {
  private readonly here: VersionsHere
  private readonly progress = new Progress()
  private readonly live = new Map<string, LiveVersion>()
  private readonly afterUpdates: AfterUpdates
  /** Subscriptions of versions that have been live while this process looks. */
  private readonly served = new Set<string>()
  /** Versions that were refused to be live because they differ. */
  private readonly differing = new Set<string>()
  private readonly ending = new AbortController()
  private hurry = new AbortController()
  /** Whether the store keeps no versions. */
  private isLacking = false
  private following: Promise<void> = Promise.resolve()

  constructor(private readonly options: ProjectionsOptions<Transaction>) {
    this.here = new VersionsHere(options.definitions)
    this.afterUpdates = new AfterUpdates(options)
  }

  /**
   * Makes the first version of each projection live, and its tables in the same transaction: what is live can be read. To be called before
   * the subscriptions start.
   *
   * @throws what the store or `setUp` throws; then it may be tried again
   */
  async begin(): Promise<void> {
    const { store } = this.options
    if (this.here.names.length === 0 || !(await this.areKept())) return
    const rows = await store.checkpoints.list()
    for (const name of this.here.names) {
      const [newest] = this.here.of(name)
      const known = rows.flatMap(({ subscription }) => versionIn(subscription, name) ?? [])
      const first = known.length > 0 ? Math.max(...known) : newest!.version
      const live = (await store.projections.live(name)) ?? (await this.makeFirst(name, first))
      this.live.set(name, live)
      const serving = this.here.find(name, live.version)
      const reached = rows.filter(({ subscription }) => subscription === subscriptionOf(name, live.version))
      const position = reached.length === 0 ? 0 : Math.min(...reached.map(({ checkpoint }) => checkpoint))
      if (serving) await this.afterUpdates.register(serving, position)
    }
  }

  /** Follows what becomes of the versions, and swaps those that are to be swapped by themselves. To be called when the subscriptions run. */
  async follow(): Promise<void> {
    if (this.here.names.length === 0 || this.isLacking) return
    await this.look()
    this.following = this.keepLooking()
  }

  async stop(): Promise<void> {
    this.ending.abort()
    this.hurry.abort()
    await this.following
    await this.afterUpdates.stop()
  }

  /**
   * Which version serves, and how far all have come: in events, at what rate, with how many seconds left.
   *
   * @throws UnknownProjectionError
   */
  async status(projection: ProjectionTarget): Promise<ProjectionStatus> {
    const name = this.here.nameOf(projection)
    await this.learn([name])
    return statusOf(name, this.live.get(name), this.here.of(name), this.progress)
  }

  /**
   * Compares a version with the live one, by the projection's `checksum` and `count`, as of one position. Where the version runs here, it stands
   * still for it between two pages; the live one never does.
   *
   * @throws UnknownProjectionError, UnknownProjectionVersionError
   * @throws ComparisonTimedOutError when they could not be brought to one position, and were seen at one at no moment
   */
  async compare(projection: ProjectionTarget, { version, timeout = 10_000 }: CompareOptions = {}): Promise<Comparison> {
    const name = this.here.nameOf(projection)
    await this.learn([name])
    return this.compareWithLive(this.versionHere(name, version), timeout)
  }

  /**
   * Makes a version live that has caught up: from now on reads get it, in this and every other process that has its code.
   *
   * @throws UnknownProjectionError, UnknownProjectionVersionError
   * @throws ReadModelNotReadyError when it has not caught up
   * @throws ProjectionVersionsDifferError, ComparisonTimedOutError when it is comparable and does not agree with the live one
   * @throws ProjectionVersionConflictError when someone else has swapped meanwhile
   */
  async swap(projection: ProjectionTarget, { version }: SwapOptions = {}): Promise<void> {
    const name = this.here.nameOf(projection)
    await this.learn([name])
    const candidate = this.versionHere(name, version)
    if (candidate.version === this.live.get(name)?.version) return
    if (!this.progress.isCaughtUp(candidate.definition.name)) throw this.notReady(name)
    await this.makeLive(candidate)
    await this.look()
  }

  /**
   * Makes the version live again that was live before.
   *
   * @throws UnknownProjectionError
   * @throws NothingToRollBackToError when there is none, or nobody has kept it up
   * @throws ProjectionVersionConflictError when someone else has swapped meanwhile
   */
  async rollBack(projection: ProjectionTarget): Promise<void> {
    const name = this.here.nameOf(projection)
    await this.learn([name])
    const live = this.live.get(name)
    if (live?.previous === undefined) throw new NothingToRollBackToError(name, live?.version, 'no other was live before it')
    if (!this.progress.isFollowed(subscriptionOf(name, live.previous))) {
      const why = `version ${live.previous} has not been kept up; run a process that has its code until it has caught up`
      throw new NothingToRollBackToError(name, live.version, why)
    }
    await this.options.store.projections.swap(name, { from: live.version, to: live.previous })
    this.options.logger.info({ projection: name, from: live.version, to: live.previous }, 'a projection was rolled back')
    await this.look()
  }

  /**
   * Takes a version away that is neither live nor the one before it: its tables, by its `tearDown`, and all that the store knows of it.
   * A process that still has its code builds it anew at its next start: take it out of the code then.
   *
   * @throws UnknownProjectionError
   * @throws ProjectionVersionInUseError also where another process runs it, as of the last heartbeat
   * @throws UnknownProjectionVersionError where this process lacks its code, so that its tables would stay, or the store does not know it
   */
  async drop(projection: ProjectionTarget, version: number): Promise<void> {
    const name = this.here.nameOf(projection)
    await this.learn([name])
    const state = stateOf(version, this.live.get(name))
    if (state === 'live' || state === 'previous') throw new ProjectionVersionInUseError(name, version, state)
    const here = this.versionHere(name, version)
    if (this.progress.positionOf(here.definition.name) === undefined) {
      throw new UnknownProjectionVersionError(name, version, this.versionsInStore(name), 'is not known to the store')
    }
    const others = this.options.subscriptions.othersWith(here.definition.name)
    if (others.length > 0) throw new ProjectionVersionInUseError(name, version, 'run-elsewhere', others)
    await this.options.store.checkpoints.delete(here.definition.name, async (transaction) => {
      await here.tearDown?.(withOwnTables(transaction, here))
    })
    this.options.logger.info({ projection: name, version }, 'a version of a projection was dropped')
  }

  /**
   * Makes one stream's rows anew: the projection forgets them (`forget`), and handles the stream's events up to its checkpoint again, all in one
   * transaction, between two pages, under its lease: nothing races with it.
   *
   * @returns how many events were handled again
   * @throws UnknownProjectionError, UnknownProjectionVersionError
   * @throws ReplayRefusedError (`replay-refused`) where another process runs it, or events of the stream are parked; it says which and why
   * @throws what `forget` or a handler throws; then nothing has changed
   */
  async replay(projection: ProjectionTarget, stream: string, { version }: { readonly version?: number } = {}): Promise<number> {
    const name = this.here.nameOf(projection)
    await this.learn([name])
    const candidate = this.versionHere(name, version ?? this.servingFor(name, this.live.get(name)?.version)?.version)
    return this.options.subscriptions.replay(candidate.definition.name, stream)
  }

  /**
   * Reads the live version, and which one is live, in one snapshot. Where this process lacks its code, the newest version that it has and
   * that is kept up.
   *
   * @throws UnknownProjectionError, ReadModelNotReadyError, and what the work throws
   */
  async read<T>(projection: ProjectionTarget, work: (read: ReadModelRead<Transaction>) => T | Promise<T>): Promise<T> {
    const name = this.here.nameOf(projection)
    return this.options.store.projections.read(async (transaction) => {
      const version = this.servingFor(name, await transaction.liveVersion(name))
      if (!version) throw this.notReady(name)
      return work(readOf(transaction, version))
    })
  }

  /** Whether a strongly consistent dispatch waits for a version: one that serves here, or will soon. */
  isAwaited({ readModel }: SubscriptionDefinition): boolean {
    if (!readModel || this.isLacking) return true
    const { name, version } = readModel
    const live = this.live.get(name)?.version
    if (version === this.servingFor(name, live)?.version) return true
    return live !== undefined && version > live && this.progress.isCaughtUp(subscriptionOf(name, version))
  }

  readiness(): readonly ReadModelReadiness[] {
    if (this.isLacking) return []
    return this.here.names.map((name) => {
      const live = this.live.get(name)?.version
      return { name, live, serving: this.servingFor(name, live)?.version }
    })
  }

  /** How those are that run what follows from updates. */
  get followers(): readonly SubscriptionStatus[] {
    return this.afterUpdates.status()
  }

  private servingFor(name: string, live: number | undefined): VersionHere | undefined {
    const own = this.here.find(name, live)
    if (own || live === undefined) return own
    const known = this.live.get(name)?.version
    if (known !== live) this.hurry.abort()
    // What was live when it was looked at is built, and its readers are used to its lag.
    return this.here.of(name).find(({ version, definition }) => version === known || this.isBuilt(definition.name))
  }

  private isBuilt(subscription: string): boolean {
    return this.served.has(subscription) || this.progress.hasCaughtUp(subscription)
  }

  private async keepLooking(): Promise<void> {
    const { runtime, logger } = this.options
    const { signal } = this.ending
    while (!signal.aborted) {
      this.hurry = new AbortController()
      await runtime.sleep(this.pause(), this.hurry.signal)
      if (signal.aborted) return
      await this.look().catch((error: unknown) => {
        if (!signal.aborted) logger.warn({ error: describeError(error) }, 'projections could not be looked at; trying again')
      })
    }
  }

  private pause(): number {
    let pause = LOOK.idle
    for (const name of this.here.names) {
      const live = this.live.get(name)
      const newer = this.here.of(name).filter(({ version }) => stateOf(version, live) === 'building')
      if (newer.some(({ definition }) => !this.progress.isCaughtUp(definition.name))) return LOOK.behind
      if (newer.length > 0 || !this.here.find(name, live?.version)) pause = LOOK.waiting
    }
    return pause
  }

  private async look(): Promise<void> {
    await this.learn(this.here.names)
    for (const name of this.here.names) {
      await this.swapByItself(name)
      await this.afterUpdates.runFor(name, this.here.find(name, this.live.get(name)?.version))
    }
  }

  private async learn(names: readonly string[]): Promise<void> {
    const { store, runtime } = this.options
    const [{ position }, rows] = await Promise.all([store.head(), store.checkpoints.list()])
    this.progress.note(runtime.monotonic(), position, rows)
    await Promise.all(
      names.map(async (name) => {
        const live = await store.projections.live(name)
        if (!live) return
        this.live.set(name, live)
        this.served.add(subscriptionOf(name, live.version))
      }),
    )
  }

  private async swapByItself(name: string): Promise<void> {
    const { logger } = this.options
    const live = this.live.get(name)
    const [newest] = this.here.of(name)
    if (!newest || !live || newest.swap === 'by-hand' || stateOf(newest.version, live) !== 'building') return
    const { version, definition } = newest
    if (this.differing.has(definition.name) || !this.progress.isCaughtUp(definition.name)) return
    // Who has read the live one must not be taken back in time.
    const isBehind =
      this.progress.positionOf(definition.name)! < (this.progress.positionOf(subscriptionOf(name, live.version)) ?? 0)
    if (isBehind) return
    try {
      await this.makeLive(newest)
    } catch (error) {
      if (hasCode(error, 'projection-versions-differ')) this.differing.add(definition.name)
      const facts = { projection: name, version, error: describeError(error) }
      if (this.differing.has(definition.name)) logger.error(facts, 'a version of a projection was not made live: it differs')
      else logger.info(facts, 'a version of a projection could not be made live yet')
    }
  }

  private async makeLive(candidate: VersionHere): Promise<void> {
    const { name, version, isComparable, definition } = candidate
    const { store, logger } = this.options
    const from = this.live.get(name)?.version
    if (isComparable) {
      const { agrees, position, versions } = await this.compareWithLive(candidate, COMPARING)
      if (agrees !== true) throw new ProjectionVersionsDifferError(name, position, versions)
    }
    await this.catchUpWithLive(candidate)
    await this.afterUpdates.register(candidate, this.progress.positionOf(definition.name) ?? 0)
    await store.projections.swap(name, { from, to: version })
    logger.info({ projection: name, from, to: version }, 'a version of a projection was made live')
    this.live.set(name, (await store.projections.live(name))!)
  }

  /** Who has read the live one must not be taken back in time: when it was looked at, it may have been a moment behind, or stood still to be compared. */
  private async catchUpWithLive({ name, definition }: VersionHere): Promise<void> {
    const { store, runtime } = this.options
    const live = this.live.get(name)
    if (!live) return
    const positionOf = async (subscription: string) => {
      const rows = await store.checkpoints.list(subscription)
      return rows.length === 0 ? 0 : Math.min(...rows.map(({ checkpoint }) => checkpoint))
    }
    const position = await positionOf(subscriptionOf(name, live.version))
    const deadline = runtime.monotonic() + COMPARING
    while ((await positionOf(definition.name)) < position) {
      if (runtime.monotonic() >= deadline) throw this.notReady(name)
      await runtime.sleep(CATCHING_UP, this.ending.signal)
    }
  }

  /** A version whose code is gone, or has no `checksum` or `count`, is looked at by the other's: it has the same tables, under names of its own. */
  private compareWithLive(candidate: VersionHere, timeout: number): Promise<Comparison> {
    const { name, version } = candidate
    const live = this.live.get(name)!.version
    if (live === version) {
      const others = this.versionsInStore(name).filter((other) => other !== version)
      throw new UnknownProjectionVersionError(name, version, others, 'is live itself; name another one to compare it with')
    }
    const own = this.here.find(name, live)
    const pair = {
      name,
      live: { version: live, codes: own ? [own, candidate] : [candidate] },
      other: { version, codes: own ? [candidate, own] : [candidate] },
      isLiveFollowed: this.progress.isFollowed(subscriptionOf(name, live)),
    }
    return compareVersions(this.options, pair, timeout)
  }

  private versionHere(name: string, version: number | undefined): VersionHere {
    const here = this.here.of(name)
    const found = version === undefined ? here[0] : this.here.find(name, version)
    if (found) return found
    throw new UnknownProjectionVersionError(
      name,
      version!,
      here.map((one) => one.version),
      'is not among those that this process has',
    )
  }

  private versionsInStore(name: string): number[] {
    return [...this.progress.names].flatMap((subscription) => versionIn(subscription, name) ?? [])
  }

  private notReady(name: string): ReadModelNotReadyError {
    const { head } = this.progress
    const versions = this.here.of(name).map(({ version, definition }) => {
      return { version, position: this.progress.positionOf(definition.name) ?? 0, head }
    })
    return new ReadModelNotReadyError(name, this.live.get(name)?.version, versions)
  }

  /** A store that lacks versions serves whatever a process has. */
  private async areKept(): Promise<boolean> {
    try {
      await this.options.store.projections.live(this.here.names[0]!)
    } catch (error) {
      if (!hasCode(error, 'capability-missing')) throw error
      this.isLacking = true
    }
    return !this.isLacking
  }

  private async makeFirst(name: string, version: number): Promise<LiveVersion> {
    const { projections } = this.options.store
    const first = this.here.find(name, version)
    const setUp = async (transaction: Transaction) => {
      if (first) await first.definition.setUp?.(withOwnTables(transaction, first))
    }
    await projections.swap(name, { from: undefined, to: version }, setUp).catch((error: unknown) => {
      // Another process was faster.
      if (!hasCode(error, 'projection-version-conflict')) throw error
    })
    return (await projections.live(name))!
  }
}

function readOf<Transaction extends object>(
  transaction: Transaction & LiveVersions,
  version: VersionHere,
): ReadModelRead<Transaction> {
  const position = async () => {
    const checkpoints = await transaction.checkpointsOf(version.definition.name)
    return checkpoints.length === 0 ? 0 : Math.min(...checkpoints)
  }
  return Object.assign(withOwnTables<Transaction>(transaction, version), { position })
}
