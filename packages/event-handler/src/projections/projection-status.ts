import type { LiveVersion } from '@writ/event-store'
import type { Progress } from './progress.js'
import { subscriptionOf, type VersionHere, versionIn } from './versions-here.js'

/** How a projection is: which version serves, and how far all have come. */
export interface ProjectionStatus {
  readonly name: string
  /** The version that serves reads; undefined where none was ever made live. */
  readonly live: number | undefined
  /** The one that a roll-back would go to. */
  readonly previous: number | undefined
  /** When the live one was made so, by the store's clock. */
  readonly since: Date | undefined
  /** The newest one first. */
  readonly versions: readonly VersionStatus[]
}

export interface VersionStatus {
  readonly version: number
  /** `left` is one that was live once and is not needed any more: it can be dropped. */
  readonly state: 'live' | 'previous' | 'building' | 'left'
  /** Whether this process has its code. */
  readonly isHere: boolean
  /** How far it has come; 0 for one that has not begun. */
  readonly position: number
  /** Where the log ends. Positions are counted event by event, those of all streams among them. */
  readonly head: number
  /** Whether it has come to where the log ended a moment ago. */
  readonly isCaughtUp: boolean
  /** Positions a second, over the last seconds; undefined as long as that is not known. */
  readonly rate: number | undefined
  /** Seconds until it has caught up, at that rate; 0 where it has, undefined where that can't be said. */
  readonly secondsLeft: number | undefined
}

export function statusOf(
  name: string,
  live: LiveVersion | undefined,
  here: readonly VersionHere[],
  progress: Progress,
): ProjectionStatus {
  const known = [...progress.names].flatMap((subscription) => versionIn(subscription, name) ?? [])
  const versions = [...new Set([...known, ...here.map(({ version }) => version)])].sort((a, b) => b - a)
  return {
    name,
    live: live?.version,
    previous: live?.previous,
    since: live?.since,
    versions: versions.map((version) => versionStatus(name, version, live, here, progress)),
  }
}

function versionStatus(
  name: string,
  version: number,
  live: LiveVersion | undefined,
  here: readonly VersionHere[],
  progress: Progress,
): VersionStatus {
  const subscription = subscriptionOf(name, version)
  const position = progress.positionOf(subscription) ?? 0
  const { head } = progress
  const isCaughtUp = progress.isCaughtUp(subscription)
  const rate = progress.rateOf(subscription)
  const left = rate !== undefined && rate > 0 ? Math.max(0, head - position) / rate : undefined
  return {
    version,
    state: stateOf(version, live),
    isHere: here.some((one) => one.version === version),
    position,
    head,
    isCaughtUp,
    rate,
    secondsLeft: isCaughtUp ? 0 : left,
  }
}

export function stateOf(version: number, live: LiveVersion | undefined): VersionStatus['state'] {
  if (version === live?.version) return 'live'
  if (version === live?.previous) return 'previous'
  return live === undefined || version > live.version ? 'building' : 'left'
}
