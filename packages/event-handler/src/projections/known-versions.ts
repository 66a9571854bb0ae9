import { type EventStore, hasCode, type LiveVersion, type Runtime } from '@writ/event-store'
import type { SubscriptionDefinition } from '../definition/subscription-definition.js'
import { ReadModelNotReadyError, UnknownProjectionVersionError } from '../errors/projection-errors.js'
import { Progress } from './progress.js'
import { stateOf, type VersionStatus } from './projection-status.js'
import { subscriptionOf, type VersionHere, VersionsHere, versionIn } from './versions-here.js'

/** What a process knows of the versions of its projections: those that it has the code of, and those of the store as they last were seen. */
export class KnownVersions {
  readonly here: VersionsHere
  readonly progress = new Progress()
  private readonly lives = new Map<string, LiveVersion>()
  /** Subscriptions of versions that have been live while this process looks. */
  private readonly served = new Set<string>()

  constructor(
    definitions: readonly SubscriptionDefinition[],
    private readonly store: EventStore,
    private readonly runtime: Runtime,
  ) {
    this.here = new VersionsHere(definitions)
  }

  /** Looks at the store. */
  async learn(names: readonly string[] = this.here.names): Promise<void> {
    const { store, runtime } = this
    const [{ position }, rows] = await Promise.all([store.head(), store.checkpoints.list()])
    this.progress.note(runtime.monotonic(), position, rows)
    await Promise.all(names.map((name) => this.learnLive(name)))
  }

  /** @returns the version that is live now; undefined where none was ever made so */
  async learnLive(name: string): Promise<LiveVersion | undefined> {
    const live = await this.store.projections.live(name)
    if (!live) return undefined
    this.lives.set(name, live)
    this.served.add(subscriptionOf(name, live.version))
    return live
  }

  /** A store that lacks versions serves whatever a process has. */
  async areKept(): Promise<boolean> {
    try {
      await this.store.projections.live(this.here.names[0]!)
    } catch (error) {
      if (!hasCode(error, 'capability-missing')) throw error
      return false
    }
    return true
  }

  liveOf(name: string): LiveVersion | undefined {
    return this.lives.get(name)
  }

  stateOf(name: string, version: number): VersionStatus['state'] {
    return stateOf(version, this.lives.get(name))
  }

  /** Which version's code reads here while `live` is the live one; undefined where they are refused. */
  servingFor(name: string, live: number | undefined): VersionHere | undefined {
    const own = this.here.find(name, live)
    if (own || live === undefined) return own
    const known = this.lives.get(name)?.version
    // What was live when it was looked at is built, and its readers are used to its lag.
    return this.here.of(name).find(({ version, definition }) => version === known || this.isBuilt(definition.name))
  }

  /**
   * A version that this process has the code of; the newest, where none is asked for.
   *
   * @throws UnknownProjectionVersionError
   */
  versionHere(name: string, version: number | undefined): VersionHere {
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

  versionsInStore(name: string): number[] {
    return [...this.progress.names].flatMap((subscription) => versionIn(subscription, name) ?? [])
  }

  notReady(name: string): ReadModelNotReadyError {
    const { head } = this.progress
    const versions = this.here.of(name).map(({ version, definition }) => {
      return { version, position: this.progress.positionOf(definition.name) ?? 0, head }
    })
    return new ReadModelNotReadyError(name, this.lives.get(name)?.version, versions)
  }

  private isBuilt(subscription: string): boolean {
    return this.served.has(subscription) || this.progress.hasCaughtUp(subscription)
  }
}
