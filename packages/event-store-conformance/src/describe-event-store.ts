import { type Area, describeArea, type Opened } from './area.js'
import { appending } from './areas/appending.js'
import { appendsTogether } from './areas/appends-together.js'
import { badInput } from './areas/bad-input.js'
import { checkpoints } from './areas/checkpoints.js'
import { conditions } from './areas/conditions.js'
import { expectedVersions } from './areas/expected-versions.js'
import { lifecycle } from './areas/lifecycle.js'
import { payloads } from './areas/payloads.js'
import { queries } from './areas/queries.js'
import { races } from './areas/races.js'
import { readingStreams } from './areas/reading-streams.js'
import { readingTheLog } from './areas/reading-the-log.js'
import { receipts } from './areas/receipts.js'
import { repeatedAppends } from './areas/repeated-appends.js'
import { snapshots } from './areas/snapshots.js'
import { tailing } from './areas/tailing.js'
import { wakeUps } from './areas/wake-ups.js'
import type { Unsupported } from './capability.js'

export interface EventStoreUnderTest {
  /** The adapter's name, as the tests' titles show it. */
  readonly name: string
  /** Opens an empty store; called once for each area, never for each test. */
  readonly create: () => Promise<Opened>
  /** What the adapter lacks, each with its reason: those scenarios are skipped, and the reason stands in their names. */
  readonly unsupported?: readonly Unsupported[]
}

const areas: Readonly<Record<string, Area>> = {
  'starting and stopping': lifecycle,
  appending,
  'expected versions': expectedVersions,
  races,
  'appends that are repeated': repeatedAppends,
  'appends under way together': appendsTogether,
  'reading streams': readingStreams,
  'reading the log': readingTheLog,
  'reading behind writers': tailing,
  queries,
  conditions,
  receipts,
  snapshots,
  'checkpoints and leases': checkpoints,
  'wake-ups': wakeUps,
  payloads,
  'bad input': badInput,
}

/**
 * Holds an adapter to the port: declares all scenarios as Jest tests.
 *
 * @example describeEventStore({ name: 'memory', create: async () => … })
 */
export function describeEventStore({ name, create, unsupported = [] }: EventStoreUnderTest): void {
  describe(`The ${name} event store`, () => {
    for (const [title, area] of Object.entries(areas)) describeArea(title, area, { create, unsupported })
  })
}
