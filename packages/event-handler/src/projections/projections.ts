// Versions of read models. A projection's version is part of its identity: raising it builds the new one beside the old, in tables of its
// own, while the old one serves and follows. Which version serves is stored; it is swapped, and rolled back, by one transaction.

import type { EventStore, EventTypes, LiveVersions, Logger, Runtime } from '@writ/event-store'
import type { CheckpointOptions } from '../definition/checkpointing.js'
import type { ErrorPolicy } from '../definition/error-policy.js'
import type { SubscriptionDefinition } from '../definition/subscription-definition.js'
import { ProjectionVersionInUseError, UnknownProjectionVersionError } from '../errors/projection-errors.js'
import { describeError } from '../infrastructure-error.js'
import type { SubscriptionStatus } from '../subscription-status.js'
import type { Subscriptions } from '../subscriptions.js'
import { AfterUpdates } from './after-updates.js'
import type { Comparison } from './comparison.js'
import { KnownVersions } from './known-versions.js'
import { MakingLive } from './making-live.js'
import { type ReadModelContext, withOwnTables } from './own-tables.js'
import { type ProjectionStatus, statusOf } from './projection-status.js'
import { type ProjectionTarget, subscriptionOf, type VersionHere, versionIn } from './versions-here.js'

/** Milliseconds between two looks: while a version is far behind, while one waits to be live or another process's is, and else. */
const LOOK = { behind: 250, waiting: 500, idle: 5_000 }

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
  private readonly known: KnownVersions
  private readonly afterUpdates: AfterUpdates
  private readonly makingLive: MakingLive<Transaction>
  private readonly ending = new AbortController()
  private hurry = new AbortController()
  /** Whether the store keeps no versions. */
  private isLacking = false
  private following: Promise<void> = Promise.resolve()

  constructor(private readonly options: ProjectionsOptions<Transaction>) {
    this.known = new KnownVersions(options.definitions, options.store, options.runtime)
    this.afterUpdates = new AfterUpdates(options)
    this.makingLive = new MakingLive(options, this.known, this.afterUpdates, this.ending.signal)
  }

  /**
   * Makes the first version of each projection live, and its tables in the same transaction: what is live can be read. To be called before
   * the subscriptions start.
   *
   * @throws what the store or `setUp` throws; then it may be tried again
   */
  async begin(): Promise<void> {
    const { store } = this.options
    const { here } = this.known
    if (here.names.length === 0) return
    this.isLacking = !(await this.known.areKept())
    if (this.isLacking) return
    const rows = await store.checkpoints.list()
    for (const name of here.names) {
      const [newest] = here.of(name)
      const known = rows.flatMap(({ subscription }) => versionIn(subscription, name) ?? [])
      const first = known.length > 0 ? Math.max(...known) : newest!.version
      const live = (await this.known.learnLive(name)) ?? (await this.makingLive.first(name, first))
      const serving = here.find(name, live.version)
      const reached = rows.filter(({ subscription }) => subscription === subscriptionOf(name, live.version))
      const position = reached.length === 0 ? 0 : Math.min(...reached.map(({ checkpoint }) => checkpoint))
      if (serving) await this.afterUpdates.register(serving, position)
    }
  }

  /** Follows what becomes of the versions, and swaps those that are to be swapped by themselves. To be called when the subscriptions run. */
  async follow(): Promise<void> {
    if (this.known.here.names.length === 0 || this.isLacking) return
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
    const name = await this.learnt(projection)
    const { known } = this
    return statusOf(name, known.liveOf(name), known.here.of(name), known.progress)
  }

  /**
   * Compares a version with the live one, by the projection's `checksum` and `count`, as of one position. Where the version runs here, it stands
   * still for it between two pages; the live one never does.
   *
   * @throws UnknownProjectionError, UnknownProjectionVersionError
   * @throws ComparisonTimedOutError when they could not be brought to one position, and were seen at one at no moment
   */
  async compare(projection: ProjectionTarget, { version, timeout = 10_000 }: CompareOptions = {}): Promise<Comparison> {
    const name = await this.learnt(projection)
    return this.makingLive.compare(this.known.versionHere(name, version), timeout)
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
    const name = await this.learnt(projection)
    const { known } = this
    const candidate = known.versionHere(name, version)
    if (known.stateOf(name, candidate.version) === 'live') return
    if (!known.progress.isCaughtUp(candidate.definition.name)) throw known.notReady(name)
    await this.makingLive.swap(candidate)
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
    const name = await this.learnt(projection)
    await this.makingLive.rollBack(name)
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
    const name = await this.learnt(projection)
    const { known } = this
    const state = known.stateOf(name, version)
    if (state === 'live' || state === 'previous') throw new ProjectionVersionInUseError(name, version, state)
    const here = known.versionHere(name, version)
    if (known.progress.positionOf(here.definition.name) === undefined) {
      throw new UnknownProjectionVersionError(name, version, known.versionsInStore(name), 'is not known to the store')
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
    const name = await this.learnt(projection)
    const { known } = this
    const candidate = known.versionHere(name, version ?? known.servingFor(name, known.liveOf(name)?.version)?.version)
    return this.options.subscriptions.replay(candidate.definition.name, stream)
  }

  /**
   * Reads the live version, and which one is live, in one snapshot. Where this process lacks its code, the newest version that it has and
   * that is kept up.
   *
   * @throws UnknownProjectionError, ReadModelNotReadyError, and what the work throws
   */
  async read<T>(projection: ProjectionTarget, work: (read: ReadModelRead<Transaction>) => T | Promise<T>): Promise<T> {
    const { known } = this
    const name = known.here.nameOf(projection)
    return this.options.store.projections.read(async (transaction) => {
      const live = await transaction.liveVersion(name)
      const version = known.servingFor(name, live)
      // Which one is live is not what it was when it was looked at: to be looked at again.
      if (version?.version !== live && known.liveOf(name)?.version !== live) this.hurry.abort()
      if (!version) throw known.notReady(name)
      return work(readOf(transaction, version))
    })
  }

  /** Whether a strongly consistent dispatch waits for a version: one that serves here, or will soon. */
  isAwaited({ readModel }: SubscriptionDefinition): boolean {
    if (!readModel || this.isLacking) return true
    const { known } = this
    const { name, version } = readModel
    const live = known.liveOf(name)?.version
    if (version === known.servingFor(name, live)?.version) return true
    return live !== undefined && version > live && known.progress.isCaughtUp(subscriptionOf(name, version))
  }

  readiness(): readonly ReadModelReadiness[] {
    if (this.isLacking) return []
    const { known } = this
    return known.here.names.map((name) => {
      const live = known.liveOf(name)?.version
      return { name, live, serving: known.servingFor(name, live)?.version }
    })
  }

  /** How those are that run what follows from updates. */
  get followers(): readonly SubscriptionStatus[] {
    return this.afterUpdates.status()
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
    const { here, progress } = this.known
    for (const name of here.names) {
      const newer = here.of(name).filter(({ version }) => this.known.stateOf(name, version) === 'building')
      if (newer.some(({ definition }) => !progress.isCaughtUp(definition.name))) return LOOK.behind
      if (newer.length > 0 || !here.find(name, this.known.liveOf(name)?.version)) pause = LOOK.waiting
    }
    return pause
  }

  private async look(): Promise<void> {
    const { known } = this
    await known.learn()
    for (const name of known.here.names) {
      await this.makingLive.byItself(name)
      await this.afterUpdates.runFor(name, known.here.find(name, known.liveOf(name)?.version))
    }
  }

  /** @returns the name of a projection whose versions were just looked at */
  private async learnt(projection: ProjectionTarget): Promise<string> {
    const name = this.known.here.nameOf(projection)
    await this.known.learn([name])
    return name
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
